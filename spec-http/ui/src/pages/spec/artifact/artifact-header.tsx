import { useVersions } from "@spec/client/react";
import { useId } from "react";
import { Time } from "../../../components/time";
import { phaseNames } from "../../../lib/names";
import { formatMoment } from "../format/time";
import { plural } from "../format/plural";
import { shortHash } from "../format/hash";
import { AgentLabel } from "../header/agent-label";
import { Untrusted } from "../text/untrusted";
import type { Artifact, PhaseTabProps } from "./artifact-view";

/** Which version this is, who wrote it and when; others can be picked. */
export function ArtifactHeader({
  tab,
  artifact,
  onVersion,
}: {
  tab: PhaseTabProps;
  artifact: Artifact;
  onVersion: PhaseTabProps["onVersion"];
}) {
  const select = useId();
  const versions = useVersions(tab.id, tab.phase).data?.versions ?? [];
  const newest = versions[0]?.version ?? artifact.version;
  return (
    <div className="artifact-header">
      <h2>{phaseNames[tab.phase]}</h2>
      {tab.status === "stale" && (
        <p className="artifact-stale">Its input has changed; it will be done again.</p>
      )}
      <p className="artifact-facts">
        {versions.length > 1 ? (
          <span>
            <label className="visually-hidden" htmlFor={select}>
              Version
            </label>
            <select
              id={select}
              className="artifact-version"
              value={artifact.version}
              onChange={(event) => {
                const picked = Number(event.target.value);
                onVersion(picked === newest ? undefined : picked);
              }}
            >
              {versions.map(({ version, created_at, accepted, findings }) => (
                <option key={version} value={version}>
                  Version {version}, {formatMoment(created_at)}
                  {accepted ? ", accepted" : ""}
                  {findings > 0 ? `, ${plural(findings, "finding")}` : ""}
                </option>
              ))}
            </select>
          </span>
        ) : (
          <span>Version {artifact.version}</span>
        )}
        <span>
          by <AuthorName author={artifact.author} />
        </span>
        <Time at={artifact.created_at} />
        <span>
          Content <code title={artifact.content_hash}>{shortHash(artifact.content_hash)}</code>
        </span>
      </p>
      {artifact.version < newest && (
        <p className="artifact-stale">
          This is not the newest version.{" "}
          <button type="button" className="link-button" onClick={() => onVersion(undefined)}>
            Show version {newest}
          </button>
        </p>
      )}
    </div>
  );
}

function AuthorName({ author }: { author: Artifact["author"] }) {
  if (author.kind === "user") return <Untrusted text={author.id} />;
  return (
    <>
      <AgentLabel name={author.name} />
      {author.attempt > 1 && `, attempt ${author.attempt}`}
    </>
  );
}
