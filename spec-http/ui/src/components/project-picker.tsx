import { Combobox } from "@base-ui/react/combobox";
import { Icon } from "./icon";
import "./project-picker.css";

export interface ProjectChoice {
  id: string;
  name: string;
}

/** A project of many, found by typing a part of its name. */
export function ProjectPicker({
  label,
  choices,
  chosen,
  onChoose,
  placeholder,
  invalid = false,
  describedBy,
}: {
  label: string;
  choices: readonly ProjectChoice[];
  chosen: ProjectChoice | null;
  onChoose: (choice: ProjectChoice) => void;
  placeholder: string;
  invalid?: boolean;
  describedBy?: string;
}) {
  return (
    <Combobox.Root
      items={choices}
      value={chosen}
      onValueChange={(choice) => {
        if (choice) onChoose(choice);
      }}
      itemToStringLabel={(choice: ProjectChoice) => choice.name}
      isItemEqualToValue={(one, other) => one.id === other.id}
    >
      <Combobox.Trigger
        className="picker-trigger"
        aria-label={`${label}: ${chosen?.name ?? placeholder}`}
        aria-invalid={invalid || undefined}
        aria-describedby={describedBy}
      >
        <span className="picker-value">{chosen?.name ?? placeholder}</span>
        <Icon name="chevronDown" size={16} />
      </Combobox.Trigger>
      <Combobox.Portal>
        <Combobox.Positioner className="picker-positioner" align="start" sideOffset={6}>
          <Combobox.Popup className="picker-popup" aria-label={label}>
            <div className="picker-search">
              <Icon name="search" size={16} />
              <Combobox.Input placeholder="Find a project" aria-label="Find a project" />
            </div>
            <Combobox.Empty>
              <p className="picker-empty">No project has that in its name.</p>
            </Combobox.Empty>
            <Combobox.List className="picker-list">
              {(choice: ProjectChoice) => (
                <Combobox.Item key={choice.id} value={choice} className="picker-item">
                  <span className="picker-value">{choice.name}</span>
                  <Combobox.ItemIndicator className="picker-check">
                    <Icon name="check" size={16} />
                  </Combobox.ItemIndicator>
                </Combobox.Item>
              )}
            </Combobox.List>
          </Combobox.Popup>
        </Combobox.Positioner>
      </Combobox.Portal>
    </Combobox.Root>
  );
}
