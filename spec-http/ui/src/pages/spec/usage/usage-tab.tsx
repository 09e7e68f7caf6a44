import { useUsage } from "@spec/client/react";
import { Button } from "../../../components/button";
import { ErrorState } from "../../../components/error-state";
import { Loading } from "../../../components/loading";
import { phaseNames } from "../../../lib/names";
import { formatCost, formatCount, totalTokens } from "../format/usage";
import { AgentLabel } from "../header/agent-label";
import { Section } from "../parts/section";
import { Untrusted } from "../text/untrusted";
import { budgetShares } from "./budget-share";
import { type UsageRow, UsageTable } from "./usage-table";
import "../artifact/artifact.css";
import "./usage.css";

export default function UsageTab({
  id,
  onBudget,
}: {
  id: string;
  /** Not given where the budget no longer matters. */
  onBudget: (() => void) | undefined;
}) {
  const query = useUsage(id);
  if (query.isPending) return <Loading label="Loading the usage" />;
  if (query.isError) {
    return (
      <ErrorState
        error={query.error}
        busy={query.isFetching}
        onRetry={() => void query.refetch()}
      />
    );
  }
  const { total, budget, phase_budget, phases, agents } = query.data;
  const shares = budgetShares(budget, total);
  const rows = phases.flatMap(({ phase, usage, attempts }): UsageRow[] => [
    { key: phase, name: phaseNames[phase], usage },
    ...attempts.map((attempt) => ({
      key: `${phase}-${attempt.attempt}`,
      nested: true,
      usage: attempt.usage,
      name: (
        <>
          Attempt {attempt.attempt}, <AgentLabel name={attempt.agent} />
          {attempt.model && (
            <>
              , <Untrusted text={attempt.model} />
            </>
          )}
        </>
      ),
    })),
  ]);
  return (
    <div className="artifact">
      <div className="usage-head">
        <h2>Usage</h2>
        {onBudget && <Button onClick={onBudget}>Change the budget</Button>}
      </div>
      <Section title="Total">
        <p className="usage-total">
          {formatCost(total)}
          <span className="muted"> · {formatCount(totalTokens(total))} tokens</span>
        </p>
        {total.unpriced_tokens > 0 && (
          <p className="usage-unpriced">
            The price of {formatCount(total.unpriced_tokens)} tokens is not known; they are not in
            the money.
          </p>
        )}
        {shares.length === 0 ? (
          <p className="muted">The spec has no budget: nothing limits what agents consume.</p>
        ) : (
          shares.map(({ name, percent, text, over }) => (
            <div key={name} className="budget" data-over={over || undefined}>
              <p className="budget-text">
                <span>{name}</span>
                <span>
                  {text} ({percent} %)
                </span>
              </p>
              <meter
                className="budget-bar"
                min={0}
                max={100}
                value={percent}
                aria-label={`${name} of the budget used`}
              />
            </div>
          ))
        )}
        <PhaseLimits tokens={phase_budget.tokens} money={phase_budget.cost_micro_usd} />
      </Section>
      <Section title="By phase and attempt" count={phases.length}>
        <UsageTable label="Usage by phase and attempt" first="Phase" rows={rows} />
      </Section>
      <Section title="By agent" count={agents.length}>
        <UsageTable
          label="Usage by agent"
          first="Agent"
          rows={agents.map(({ agent, usage }) => ({
            key: agent,
            name: <AgentLabel name={agent} />,
            usage,
          }))}
        />
      </Section>
    </div>
  );
}

function PhaseLimits({
  tokens,
  money,
}: {
  tokens: number | null | undefined;
  money: number | null | undefined;
}) {
  const limits = [
    tokens != null && `${formatCount(tokens)} tokens`,
    money != null && `$${money / 1_000_000}`,
  ].filter((limit) => limit !== false);
  if (limits.length === 0) return null;
  return <p className="muted">Each phase may consume {limits.join(" and ")}.</p>;
}
