import { PageTitle } from "../../components/page-title";

export default function SpecsPage() {
  return (
    <div className="page">
      <PageTitle documentTitle="All specs">All specs</PageTitle>
    </div>
  );
}
