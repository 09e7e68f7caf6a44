import { fields, list, text, texts } from "./read";

export interface Question {
  readonly id: string;
  readonly text: string;
  readonly why: string;
  readonly options: readonly string[];
  readonly fallback: string;
}

export interface Assumption {
  readonly text: string;
  readonly basis: string;
}

export function questions(value: unknown): Question[] {
  return list(value, (item) => {
    const question = fields(item);
    return {
      id: text(question["id"]),
      text: text(question["text"]),
      why: text(question["why"]),
      options: texts(question["options"]),
      fallback: text(question["default"]),
    };
  });
}

export function assumptions(value: unknown): Assumption[] {
  return list(value, (item) => {
    const assumption = fields(item);
    return { text: text(assumption["text"]), basis: text(assumption["basis"]) };
  });
}
