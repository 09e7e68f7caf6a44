import { type Assumption, type Question, assumptions, questions } from "./common";
import { fields, list, text, texts } from "./read";

export interface Requirement {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  readonly category: string;
  readonly priority: string;
  readonly text: string;
  readonly criteria: readonly { readonly id: string; readonly text: string }[];
  readonly dependencies: readonly string[];
  readonly notes: string;
}

export interface UserStory {
  readonly id: string;
  readonly role: string;
  readonly want: string;
  readonly benefit: string;
  readonly priority: string;
  readonly requirements: readonly string[];
}

export interface Requirements {
  readonly featureName: string;
  readonly stories: readonly UserStory[];
  readonly requirements: readonly Requirement[];
  readonly outOfScope: readonly string[];
  readonly notes: string;
  readonly questions: readonly Question[];
  readonly assumptions: readonly Assumption[];
}

/** What the categories of requirements stand for. */
export const CATEGORY_NAMES: Readonly<Record<string, string>> = {
  FUNC: "Function",
  PERF: "Performance",
  SEC: "Security",
  USE: "Usability",
  REL: "Reliability",
  CON: "Constraint",
};

function requirement(item: unknown): Requirement {
  const of = fields(item);
  return {
    id: text(of["id"]),
    title: text(of["title"]),
    kind: text(of["type"]),
    category: text(of["category"]),
    priority: text(of["priority"]),
    text: text(of["text"]),
    criteria: list(of["acceptance_criteria"], (criterion) => {
      const said = fields(criterion);
      return { id: text(said["id"]), text: text(said["text"]) };
    }),
    dependencies: texts(of["dependencies"]),
    notes: text(of["notes"]),
  };
}

function story(item: unknown): UserStory {
  const of = fields(item);
  return {
    id: text(of["id"]),
    role: text(of["role"]),
    want: text(of["want"]),
    benefit: text(of["benefit"]),
    priority: text(of["priority"]),
    requirements: texts(of["requirements"]),
  };
}

export function readRequirements(content: unknown): Requirements {
  const of = fields(content);
  return {
    featureName: text(of["feature_name"]),
    stories: list(of["user_stories"], story),
    requirements: list(of["requirements"], requirement),
    outOfScope: texts(of["out_of_scope"]),
    notes: text(of["notes"]),
    questions: questions(of["questions"]),
    assumptions: assumptions(of["assumptions"]),
  };
}
