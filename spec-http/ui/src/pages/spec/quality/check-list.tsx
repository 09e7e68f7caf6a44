import { Icon } from "../../../components/icon";
import type { Trace } from "../artifact/trace";

/** Results of the structural checks over all phases together. */
export function CheckList({ checks }: { checks: Trace["checks"] }) {
  return (
    <ul className="check-list">
      {checks.map(({ name, holds }) => (
        <li key={name} className="check-result" data-tone={holds ? "good" : "bad"}>
          <Icon name={holds ? "check" : "close"} size={16} />
          <span>
            {name}
            <span className="visually-hidden">{holds ? ": yes" : ": no"}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}
