import { type Assumption, type Question, assumptions, questions } from "./common";
import { entries, fields, flag, list, text, texts } from "./read";

export interface Component {
  readonly name: string;
  readonly kind: string;
  readonly path: string;
  readonly exists: boolean;
  readonly description: string;
  readonly responsibility: string;
  readonly interfaces: readonly {
    readonly method: string;
    readonly inputs: string;
    readonly outputs: string;
  }[];
  readonly dependencies: readonly string[];
  readonly requirements: readonly string[];
}

export interface DataModel {
  readonly name: string;
  readonly table: string;
  readonly description: string;
  readonly fields: readonly [string, string][];
  readonly indexes: readonly string[];
  readonly relationships: readonly string[];
}

export interface Endpoint {
  readonly method: string;
  readonly path: string;
  readonly description: string;
  readonly auth: boolean;
  readonly request: string;
  readonly response: string;
  readonly errors: readonly string[];
}

export interface Design {
  readonly featureName: string;
  readonly overview: string;
  readonly diagram: string;
  readonly components: readonly Component[];
  readonly models: readonly DataModel[];
  readonly endpoints: readonly Endpoint[];
  readonly integration: readonly string[];
  readonly errors: readonly [string, string][];
  readonly unitTests: readonly string[];
  readonly integrationTests: readonly string[];
  readonly security: readonly string[];
  readonly decisions: readonly {
    readonly decision: string;
    readonly rationale: string;
    readonly alternatives: readonly string[];
  }[];
  readonly risks: readonly { readonly risk: string; readonly mitigation: string }[];
  readonly migration: readonly string[];
  readonly notes: string;
  readonly questions: readonly Question[];
  readonly assumptions: readonly Assumption[];
}

function component(item: unknown): Component {
  const of = fields(item);
  return {
    name: text(of["name"]),
    kind: text(of["type"]),
    path: text(of["file_path"]),
    exists: flag(of["exists"]),
    description: text(of["description"]),
    responsibility: text(of["responsibility"]),
    interfaces: list(of["interfaces"], (offered) => {
      const said = fields(offered);
      return {
        method: text(said["method"]),
        inputs: text(said["inputs"]),
        outputs: text(said["outputs"]),
      };
    }),
    dependencies: texts(of["dependencies"]),
    requirements: texts(of["requirements"]),
  };
}

function model(item: unknown): DataModel {
  const of = fields(item);
  return {
    name: text(of["name"]),
    table: text(of["table_name"]),
    description: text(of["description"]),
    fields: entries(of["fields"]),
    indexes: texts(of["indexes"]),
    relationships: texts(of["relationships"]),
  };
}

function endpoint(item: unknown): Endpoint {
  const of = fields(item);
  return {
    method: text(of["method"]),
    path: text(of["path"]),
    description: text(of["description"]),
    auth: flag(of["auth_required"]),
    request: text(of["request_schema"]),
    response: text(of["response_schema"]),
    errors: texts(of["error_responses"]),
  };
}

export function readDesign(content: unknown): Design {
  const of = fields(content);
  const testing = fields(of["testing_strategy"]);
  return {
    featureName: text(of["feature_name"]),
    overview: text(of["architecture_overview"]),
    diagram: text(of["architecture_diagram"]),
    components: list(of["components"], component),
    models: list(of["data_models"], model),
    endpoints: list(of["api_endpoints"], endpoint),
    integration: texts(of["integration_points"]),
    errors: entries(of["error_handling"]),
    unitTests: texts(testing["unit_tests"]),
    integrationTests: texts(testing["integration_tests"]),
    security: texts(of["security_considerations"]),
    decisions: list(of["decisions"], (item) => {
      const said = fields(item);
      return {
        decision: text(said["decision"]),
        rationale: text(said["rationale"]),
        alternatives: texts(said["alternatives"]),
      };
    }),
    risks: list(of["risks"], (item) => {
      const said = fields(item);
      return { risk: text(said["risk"]), mitigation: text(said["mitigation"]) };
    }),
    migration: texts(of["migration_plan"]),
    notes: text(of["notes"]),
    questions: questions(of["questions"]),
    assumptions: assumptions(of["assumptions"]),
  };
}
