import { PageTitle } from "../../components/page-title";
import { LaunchForm } from "./launch-form";
import { RecentSpecs } from "./recent-specs";
import "../../components/select.css";
import "./command.css";

export default function CommandPage() {
  return (
    <div className="page page-narrow command">
      {/* The prompt has the focus, and this is its label. */}
      <PageTitle documentTitle="New spec" className="command-title" focus={false}>
        <span id="prompt-label">What do you want to build?</span>
      </PageTitle>
      <LaunchForm />
      <RecentSpecs />
    </div>
  );
}
