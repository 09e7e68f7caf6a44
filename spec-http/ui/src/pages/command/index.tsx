import { PageTitle } from "../../components/page-title";

export function CommandPage() {
  return (
    <div className="page page-narrow">
      <PageTitle documentTitle="New spec">What do you want to build?</PageTitle>
    </div>
  );
}
