import { type Assumption, type Question, assumptions, questions } from "./common";
import { type Fields, entries, fields, list, number, text, texts } from "./read";

export interface Evidence {
  readonly path: string;
  readonly line: number;
  readonly excerpt: string;
}

/** Something in the repository, with the lines that show it. */
export interface Found {
  readonly name: string;
  readonly path: string;
  readonly about: string;
  readonly evidence: readonly Evidence[];
}

export interface Explore {
  readonly summary: string;
  readonly projectType: string;
  readonly stack: readonly string[];
  readonly structure: readonly [string, string][];
  readonly keyFiles: readonly Found[];
  readonly entryPoints: readonly Found[];
  readonly patterns: readonly Found[];
  readonly models: readonly Found[];
  readonly related: readonly Found[];
  readonly conventions: readonly [string, string][];
  readonly tests: string;
  readonly discovery: readonly {
    readonly category: string;
    readonly questions: readonly string[];
  }[];
  readonly feature: {
    readonly name: string;
    readonly oneLiner: string;
    readonly problem: string;
    readonly scopeIn: readonly string[];
    readonly scopeOut: readonly string[];
    readonly constraints: readonly string[];
    readonly risks: readonly string[];
    readonly metrics: readonly string[];
  };
  readonly notes: string;
  readonly questions: readonly Question[];
  readonly assumptions: readonly Assumption[];
}

function evidence(value: unknown): Evidence[] {
  return list(value, (item) => {
    const found = fields(item);
    return {
      path: text(found["path"]),
      line: number(found["line"]),
      excerpt: text(found["excerpt"]),
    };
  });
}

function found(value: unknown, read: (item: Fields) => Omit<Found, "evidence">): Found[] {
  return list(value, (item) => {
    const of = fields(item);
    return { ...read(of), evidence: evidence(of["evidence"]) };
  });
}

function conventions(value: unknown): [string, string][] {
  const of = fields(value);
  const named: [string, string][] = [
    ["Naming", text(of["naming"])],
    ["Testing", text(of["testing"])],
    ...texts(of["patterns"]).map((pattern): [string, string] => ["Pattern", pattern]),
  ];
  return named.filter(([, about]) => about !== "");
}

export function readExplore(content: unknown): Explore {
  const of = fields(content);
  const feature = fields(of["feature_summary"]);
  return {
    summary: text(of["codebase_summary"]),
    projectType: text(of["project_type"]),
    stack: texts(of["tech_stack"]),
    structure: entries(of["structure"]),
    keyFiles: found(of["key_files"], (item) => ({
      name: "",
      path: text(item["path"]),
      about: text(item["purpose"]),
    })),
    entryPoints: found(of["entry_points"], (item) => ({
      name: "",
      path: text(item["path"]),
      about: text(item["description"]),
    })),
    patterns: found(of["relevant_patterns"], (item) => ({
      name: text(item["pattern"]),
      path: texts(item["files"]).join(", "),
      about: text(item["description"]),
    })),
    models: found(of["existing_models"], (item) => ({
      name: text(item["name"]),
      path: text(item["file"]),
      about: texts(item["fields"]).join(", "),
    })),
    related: found(of["related_to_feature"], (item) => ({
      name: text(item["name"]),
      path: text(item["file"]),
      about: text(item["relevance"]),
    })),
    conventions: conventions(of["conventions"]),
    tests: text(of["test_structure"]),
    discovery: list(of["discovery_questions"], (item) => {
      const asked = fields(item);
      return { category: text(asked["category"]), questions: texts(asked["questions"]) };
    }),
    feature: {
      name: text(feature["name"]),
      oneLiner: text(feature["one_liner"]),
      problem: text(feature["problem_statement"]),
      scopeIn: texts(feature["scope_in"]),
      scopeOut: texts(feature["scope_out"]),
      constraints: texts(feature["technical_constraints"]),
      risks: texts(feature["risks_identified"]),
      metrics: texts(feature["success_metrics"]),
    },
    notes: text(of["notes"]),
    questions: questions(of["questions"]),
    assumptions: assumptions(of["assumptions"]),
  };
}
