import type { Assumption, Question } from "../artifact/common";
import { Untrusted, UntrustedCode } from "../text/untrusted";
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
                <Untrusted text={question.text} kind="prose" />
              </strong>
            </p>
            {question.why && (
              <p className="muted" dir="auto">
                <Untrusted text={question.why} kind="prose" />
              </p>
            )}
            {question.options.length > 0 && (
              <p dir="auto">
                Options: <Untrusted text={question.options.join(" · ")} kind="prose" />
              </p>
            )}
            {question.fallback && (
              <p dir="auto">
                Assumed when nobody answers: <Untrusted text={question.fallback} kind="prose" />
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
            <Untrusted text={assumption.text} kind="prose" />
            {assumption.basis && (
              <span className="muted">
                {" "}
                (<Untrusted text={assumption.basis} kind="prose" />)
              </span>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
