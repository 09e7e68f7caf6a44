import { UntrustedCode } from "../text/untrusted";

/** Which agent does the work; of the offline one, that no model is behind it. */
export function AgentLabel({ name }: { name: string }) {
  return (
    <>
      <UntrustedCode text={name} />
      {name === "offline" && <span className="muted"> (rules only, uses no model)</span>}
    </>
  );
}
