import { lazy, Suspense } from "react";
import { Route, Switch, useLocation } from "wouter";
import { ErrorBoundary } from "./components/error-boundary";
import { Loading } from "./components/loading";
import { NotFoundPage } from "./pages/not-found";

const CommandPage = lazy(() => import("./pages/command"));
const SpecsPage = lazy(() => import("./pages/specs"));
const SpecPage = lazy(() => import("./pages/spec"));

/** The server knows these paths too: it answers any other with 404. */
export function Routes() {
  const [path] = useLocation();
  return (
    <ErrorBoundary at={path}>
      <Suspense fallback={<Loading />}>
        <Switch>
          <Route path="/" component={CommandPage} />
          <Route path="/specs" component={SpecsPage} />
          <Route path="/specs/:id">{({ id }) => <SpecPage key={id} id={id} />}</Route>
          <Route component={NotFoundPage} />
        </Switch>
      </Suspense>
    </ErrorBoundary>
  );
}
