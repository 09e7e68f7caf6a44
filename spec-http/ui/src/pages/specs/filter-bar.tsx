import { useProjects } from "@spec/client/react";
import { ProjectPicker, type ProjectChoice } from "../../components/project-picker";
import { specStatusNames } from "../../lib/names";
import { isStatus, type Filters } from "./query";
import { SearchField } from "./search-field";
import "../../components/select.css";

const anyProject: ProjectChoice = { id: "", name: "All projects" };

export function FilterBar({
  filters,
  onChange,
}: {
  filters: Filters;
  onChange: (change: Partial<Filters>) => void;
}) {
  const projects = useProjects();
  const choices = [anyProject, ...(projects.data?.projects ?? [])];
  // A link may name a project that is not among those of the reader.
  const chosen = filters.project
    ? (choices.find(({ id }) => id === filters.project) ?? {
        id: filters.project,
        name: filters.project,
      })
    : anyProject;

  return (
    <div className="filters" role="search" aria-label="Filter specs">
      <SearchField value={filters.search} onChange={(search) => onChange({ search })} />
      <ProjectPicker
        label="Project"
        choices={choices}
        chosen={chosen}
        onChoose={({ id }) => onChange({ project: id || null })}
        placeholder={anyProject.name}
      />
      <select
        className="select"
        aria-label="Status"
        value={filters.status ?? ""}
        onChange={(event) => {
          const status = event.target.value;
          onChange({ status: isStatus(status) ? status : null });
        }}
      >
        <option value="">Any status</option>
        {Object.entries(specStatusNames).map(([status, name]) => (
          <option key={status} value={status}>
            {name}
          </option>
        ))}
      </select>
      <label className="filter-archived">
        <input
          type="checkbox"
          checked={filters.archived}
          onChange={(event) => onChange({ archived: event.target.checked })}
        />
        Include archived
      </label>
    </div>
  );
}
