import type { Assumption, Question } from "../artifact/common";
import { Sentence } from "../text/prose";
import { UntrustedCode } from "../text/untrusted";
import { Section } from "./section";

export function Questions({ questions }: { questions: readonly Question[] }) {
  return (
    <Section title="Open questions" count={questions.length}>
      <ul className="cards">
        {questions.map((question, index) => (
          <li key={index} className="card">
            <p className="card-head" dir="auto">
              {question.id && <UntrustedCode text={question.id} />}
              <strong>
                <Sentence text={question.text} />
              </strong>
            </p>
            {question.why && (
              <p className="muted" dir="auto">
                <Sentence text={question.why} />
              </p>
            )}
            {question.options.length > 0 && (
              <p dir="auto">
                Options: <Sentence text={question.options.join(" · ")} />
              </p>
            )}
            {question.fallback && (
              <p dir="auto">
                Assumed when nobody answers: <Sentence text={question.fallback} />
              </p>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

export function Assumptions({ assumptions }: { assumptions: readonly Assumption[] }) {
  return (
    <Section title="Assumptions" count={assumptions.length}>
      <ul className="text-list">
        {assumptions.map((assumption, index) => (
          <li key={index} dir="auto">
            <Sentence text={assumption.text} />
            {assumption.basis && (
              <span className="muted">
                {" "}
                (<Sentence text={assumption.basis} />)
              </span>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
