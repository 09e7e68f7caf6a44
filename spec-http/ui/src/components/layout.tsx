import type { ReactNode } from "react";
import { Link, useRoute } from "wouter";
import { Announcer } from "./announcer";
import { Icon } from "./icon";
import { useNavigation } from "./navigation";
import { OfflineBanner } from "./offline-banner";
import { ThemeToggle } from "./theme-toggle";

export function Layout({ children }: { children: ReactNode }) {
  useNavigation();
  return (
    <>
      {/* The base of the page is elsewhere, so the fragment alone would lead away from it. */}
      <a
        className="skip-link"
        href={`${location.pathname}${location.search}#main`}
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        Skip to content
      </a>
      <OfflineBanner />
      <header className="site-header">
        <Link href="/" className="site-name" aria-label="Specs, new spec">
          <Icon name="mark" />
          Specs
        </Link>
        <nav aria-label="Pages">
          <ul>
            <li>
              <PageLink href="/">New</PageLink>
            </li>
            <li>
              <PageLink href="/specs">All specs</PageLink>
            </li>
          </ul>
        </nav>
        <div className="site-tools">
          <ThemeToggle />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <Announcer />
    </>
  );
}

function PageLink({ href, children }: { href: string; children: ReactNode }) {
  const [here] = useRoute(href);
  return (
    <Link href={href} aria-current={here ? "page" : undefined}>
      {children}
    </Link>
  );
}
