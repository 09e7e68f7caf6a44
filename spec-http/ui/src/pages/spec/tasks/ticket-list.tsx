import type { Finding } from "@spec/client";
import type { Ticket } from "../artifact/tasks";
import { FindingsBeside } from "../parts/beside";
import { Priority } from "../parts/priority";
import { Section } from "../parts/section";
import { TextList, useMore } from "../parts/text-list";
import { Prose, Sentence } from "../text/prose";
import { Untrusted, UntrustedCode } from "../text/untrusted";

export function TicketList({
  tickets,
  findings,
}: {
  tickets: readonly Ticket[];
  findings: readonly Finding[];
}) {
  const { limit, more } = useMore(tickets.length);
  return (
    <Section title="Tickets" count={tickets.length}>
      <ul className="cards">
        {tickets.slice(0, limit).map((ticket, index) => (
          <li key={index} className="card">
            <div className="card-head">
              <UntrustedCode text={ticket.id} />
              <h4 dir="auto">
                <Sentence text={ticket.title} />
              </h4>
            </div>
            <p className="card-tags">
              <Priority priority={ticket.priority} />
              <span>
                Size <Untrusted text={ticket.estimate} max={20} />
              </span>
              {ticket.tasks.length > 0 && (
                <span>
                  Tasks <Untrusted text={ticket.tasks.join(", ")} />
                </span>
              )}
              {ticket.blockedBy.length > 0 && (
                <span>
                  Waits for <Untrusted text={ticket.blockedBy.join(", ")} />
                </span>
              )}
            </p>
            {ticket.description && <Prose text={ticket.description} />}
            {ticket.criteria.length > 0 && (
              <div>
                <p className="card-label">Acceptance criteria</p>
                <TextList items={ticket.criteria} />
              </div>
            )}
            <FindingsBeside findings={findings} pointer={`/tickets/${index}`} />
          </li>
        ))}
      </ul>
      {more}
    </Section>
  );
}
