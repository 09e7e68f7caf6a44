import { Fragment, type ReactNode, useMemo } from "react";
import { Clamp } from "./clamp";
import { type Block, type Inline, parseInline, parseProse } from "./parse-prose";
import { Untrusted, UntrustedCode } from "./untrusted";
import { cut } from "./visible";
import "./text.css";

type Code = Extract<Block, { kind: "code" }>;

interface ProseProps {
  text: string;
  /** Shows a block of code in its own way; `null`: as code. */
  code?: (code: Code) => ReactNode;
}

/** Prose of an agent: paragraphs, lists and code. What looks like HTML is shown as it was typed. */
export function Prose({ text, code }: ProseProps) {
  return (
    <Clamp text={text} max={12_000}>
      {(shown) => <ProseBlocks text={shown} {...(code ? { code } : {})} />}
    </Clamp>
  );
}

function ProseBlocks({ text, code }: ProseProps) {
  const blocks = useMemo(() => parseProse(text), [text]);
  return (
    <div className="prose-text">
      {blocks.map((block, index) => (
        <Fragment key={index}>{renderBlock(block, code)}</Fragment>
      ))}
    </div>
  );
}

function renderBlock(block: Block, code: ProseProps["code"]): ReactNode {
  switch (block.kind) {
    case "paragraph":
      return <p dir="auto">{inlines(block.inline)}</p>;
    case "heading":
      return (
        <p dir="auto" className="prose-heading">
          {inlines(block.inline)}
        </p>
      );
    case "quote":
      return <blockquote dir="auto">{inlines(block.inline)}</blockquote>;
    case "list": {
      const List = block.ordered ? "ol" : "ul";
      return (
        <List dir="auto">
          {block.items.map((item, index) => (
            <li key={index}>{inlines(item)}</li>
          ))}
        </List>
      );
    }
    case "code":
      return code?.(block) ?? <CodeBlock text={block.text} />;
  }
}

export function CodeBlock({ text }: { text: string }) {
  return (
    <pre className="code-block" dir="ltr" tabIndex={0}>
      <code>
        <Untrusted text={text} kind="prose" max={20_000} />
      </code>
    </pre>
  );
}

/** A sentence of an agent: code and emphasis within it, and no blocks. */
export function Sentence({ text, max = 2_000 }: { text: string; max?: number }) {
  const shown = cut(text, max);
  const nodes = useMemo(() => parseInline(shown), [shown]);
  return (
    <>
      {inlines(nodes)}
      {shown.length < text.length && "…"}
    </>
  );
}

function inlines(nodes: readonly Inline[]): ReactNode {
  return nodes.map((node, index) => <Fragment key={index}>{renderInline(node)}</Fragment>);
}

function renderInline(node: Inline): ReactNode {
  switch (node.kind) {
    case "text":
      return <Untrusted text={node.text} kind="prose" max={Infinity} />;
    case "code":
      return <UntrustedCode text={node.text} />;
    case "strong":
      return (
        <strong>
          <Untrusted text={node.text} kind="prose" />
        </strong>
      );
    case "emphasis":
      return (
        <em>
          <Untrusted text={node.text} kind="prose" />
        </em>
      );
    case "link":
      return <ProseLink text={node.text} href={node.href} />;
  }
}

/** Says where it leads when its text does not. */
function ProseLink({ text, href }: { text: string; href: string }) {
  const { host } = new URL(href);
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      <Untrusted text={text} kind="prose" />
      {!text.includes(host) && (
        <span className="link-host">
          {" "}
          (<bdi>{host}</bdi>)
        </span>
      )}
    </a>
  );
}
