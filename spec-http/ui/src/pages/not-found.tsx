import { Link } from "wouter";
import { PageTitle } from "../components/page-title";
import "./not-found.css";

export function NotFoundPage() {
  return (
    <div className="page page-narrow not-found">
      <PageTitle documentTitle="Not found">There is no such page</PageTitle>
      <p className="muted">The address may be mistyped, or what was here is gone.</p>
      <p>
        <Link href="/">Start a spec</Link> or <Link href="/specs">look through all of them</Link>.
      </p>
    </div>
  );
}
