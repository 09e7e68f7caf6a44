import type { Finding } from "@spec/client";
import type { Endpoint } from "../artifact/design";
import { FindingsBeside } from "../parts/beside";
import { Section } from "../parts/section";
import { useMore } from "../parts/text-list";
import { Sentence } from "../text/prose";
import { Untrusted, UntrustedCode } from "../text/untrusted";

export function EndpointTable({
  endpoints,
  findings,
}: {
  endpoints: readonly Endpoint[];
  findings: readonly Finding[];
}) {
  const { limit, more } = useMore(endpoints.length);
  return (
    <Section title="HTTP API" count={endpoints.length}>
      <div className="table-scroll" role="region" aria-label="HTTP API" tabIndex={0}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Operation</th>
              <th scope="col">What it does</th>
              <th scope="col">Request</th>
              <th scope="col">Response</th>
              <th scope="col">Errors</th>
            </tr>
          </thead>
          <tbody>
            {endpoints.slice(0, limit).map((endpoint, index) => (
              <tr key={index}>
                <th scope="row">
                  <strong>
                    <Untrusted text={endpoint.method} max={20} />
                  </strong>{" "}
                  <UntrustedCode text={endpoint.path} />
                </th>
                <td dir="auto">
                  <Sentence text={endpoint.description} />
                  {endpoint.auth && <div className="muted">Needs a known caller</div>}
                  <FindingsBeside findings={findings} pointer={`/api_endpoints/${index}`} />
                </td>
                <td>
                  <Sentence text={endpoint.request} />
                </td>
                <td>
                  <Sentence text={endpoint.response} />
                </td>
                <td>
                  <Sentence text={endpoint.errors.join("; ")} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more}
    </Section>
  );
}
