import { agentPhases, type Outputs } from "../harness/scripted-agent";
import { payloads } from "./payloads";

/** What refers to something, or is one of a few words: an output in which it is wrong is refused. */
const kept = new Set([
  "id",
  "priority",
  "estimate",
  "category",
  "parent_ticket",
  "requirements",
  "requirements_addressed",
  "tasks",
  "blocked_by",
  "blocks",
  "depends_on",
  "evidence",
  "file_path",
  "files_to_create",
  "files_to_modify",
]);

/** In these, what is a path or a type elsewhere is free text or must be true. */
const keptIn: Readonly<Record<string, ReadonlySet<string>>> = {
  key_files: new Set(["path"]),
  entry_points: new Set(["path"]),
  existing_models: new Set(["file"]),
  related_to_feature: new Set(["file"]),
  relevant_patterns: new Set(["files"]),
  requirements: new Set(["type", "dependencies"]),
  tasks: new Set(["type"]),
  components: new Set(["dependencies"]),
};

export interface Hostile {
  outputs: Outputs;
  /** Names of the fields that hold something hostile. */
  fields: ReadonlySet<string>;
}

/** Outputs of every phase with something hostile in every text that is free, beginning with another each `round`. */
export function hostileOutputs(outputs: Outputs, round: number): Hostile {
  let next = round * 17;
  const fields = new Set<string>();
  const payload = () => {
    next += 1;
    // Its number keeps it from being the repetition of another.
    return `${payloads[next % payloads.length]} ${next}`;
  };
  const spoil = (value: unknown, list: string, name: string): unknown => {
    if (typeof value === "string") {
      fields.add(name);
      return name === "text" && list === "requirements" ? `The shop shall ${payload()}` : payload();
    }
    if (Array.isArray(value)) return value.map((each: unknown) => spoil(each, list, name));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([key, each]): [string, unknown] => {
      const inside = Array.isArray(each) && each.some((item) => typeof item === "object");
      const isText = typeof each === "string" || (Array.isArray(each) && !inside);
      if (isText && (kept.has(key) || keptIn[list]?.has(key))) {
        return [key, list === "components" && key === "dependencies" ? [] : each];
      }
      if (key === "evidence") return [key, each];
      if (isMap(key)) return [key, spoilMap(each as Record<string, string>)];
      return [key, spoil(each, inside ? key : list, key)];
    });
    return Object.fromEntries(entries);
  };
  const isMap = (key: string) => ["structure", "fields", "error_handling"].includes(key);
  const spoilMap = (map: Record<string, string> | string[]) =>
    Array.isArray(map)
      ? map.map(payload)
      : Object.fromEntries(Object.keys(map).map(() => [payload(), payload()]));
  const spoiled = Object.fromEntries(
    agentPhases.map((phase) => [phase, spoil(outputs[phase], "", "")]),
  ) as Outputs;
  return { outputs: spoiled, fields };
}
