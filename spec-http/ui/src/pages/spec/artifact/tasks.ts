import { type Assumption, type Question, assumptions, questions } from "./common";
import { fields, list, number, text, texts } from "./read";

export interface Task {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly ticket: string;
  readonly kind: string;
  readonly priority: string;
  readonly estimate: string;
  readonly hours: number;
  readonly creates: readonly string[];
  readonly modifies: readonly string[];
  readonly criteria: readonly string[];
  readonly dependsOn: readonly string[];
  readonly requirements: readonly string[];
}

export interface Ticket {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly priority: string;
  readonly estimate: string;
  readonly requirements: readonly string[];
  readonly tasks: readonly string[];
  readonly criteria: readonly string[];
  readonly blockedBy: readonly string[];
}

export interface Tasks {
  readonly featureName: string;
  readonly tickets: readonly Ticket[];
  readonly tasks: readonly Task[];
  readonly notes: string;
  readonly questions: readonly Question[];
  readonly assumptions: readonly Assumption[];
}

function task(item: unknown): Task {
  const of = fields(item);
  return {
    id: text(of["id"]),
    title: text(of["title"]),
    description: text(of["description"]),
    ticket: text(of["parent_ticket"]),
    kind: text(of["type"]),
    priority: text(of["priority"]),
    estimate: text(of["estimate"]),
    hours: number(of["estimated_hours"]),
    creates: texts(of["files_to_create"]),
    modifies: texts(of["files_to_modify"]),
    criteria: texts(of["acceptance_criteria"]),
    dependsOn: texts(fields(of["dependencies"])["depends_on"]),
    requirements: texts(of["requirements_addressed"]),
  };
}

function ticket(item: unknown): Ticket {
  const of = fields(item);
  return {
    id: text(of["id"]),
    title: text(of["title"]),
    description: text(of["description"]),
    priority: text(of["priority"]),
    estimate: text(of["estimate"]),
    requirements: texts(of["requirements"]),
    tasks: texts(of["tasks"]),
    criteria: texts(of["acceptance_criteria"]),
    blockedBy: texts(fields(of["dependencies"])["blocked_by"]),
  };
}

export function readTasks(content: unknown): Tasks {
  const of = fields(content);
  return {
    featureName: text(of["feature_name"]),
    tickets: list(of["tickets"], ticket),
    tasks: list(of["tasks"], task),
    notes: text(of["notes"]),
    questions: questions(of["questions"]),
    assumptions: assumptions(of["assumptions"]),
  };
}
