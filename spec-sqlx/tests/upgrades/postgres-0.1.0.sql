-- Specs in different states, as version 0.1.0 has stored them; made by the ignored test
-- `make_the_dump_of_this_version` of that version.
--
-- PostgreSQL database dump
--

\restrict MQvgFmT5Fdh8Th4YRSBB0SuiDc5p3dQ0B3TdoS9rJFBunTC5jp3ex54DDfYNxRe

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: spec; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA spec;


--
-- Name: now(); Type: FUNCTION; Schema: spec; Owner: -
--

CREATE FUNCTION spec.now() RETURNS timestamp with time zone
    LANGUAGE sql
    AS $$SELECT pg_catalog.clock_timestamp()$$;


--
-- Name: sought(uuid); Type: FUNCTION; Schema: spec; Owner: -
--

CREATE FUNCTION spec.sought(uuid) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE COST 1000
    AS $$BEGIN RETURN true; END$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: artifacts; Type: TABLE; Schema: spec; Owner: -
--

CREATE TABLE spec.artifacts (
    spec_id uuid NOT NULL,
    phase text NOT NULL,
    version integer NOT NULL,
    artifact json NOT NULL
);
ALTER TABLE ONLY spec.artifacts ALTER COLUMN artifact SET COMPRESSION lz4;


--
-- Name: checkpoints; Type: TABLE; Schema: spec; Owner: -
--

CREATE TABLE spec.checkpoints (
    spec_id uuid NOT NULL,
    checkpoint json NOT NULL
)
WITH (fillfactor='50');


--
-- Name: descriptions; Type: TABLE; Schema: spec; Owner: -
--

CREATE TABLE spec.descriptions (
    spec_id uuid NOT NULL,
    description text NOT NULL
);
ALTER TABLE ONLY spec.descriptions ALTER COLUMN description SET COMPRESSION lz4;


--
-- Name: duties; Type: TABLE; Schema: spec; Owner: -
--

CREATE TABLE spec.duties (
    name text NOT NULL,
    runner uuid NOT NULL,
    expires_at timestamp with time zone NOT NULL
)
WITH (fillfactor='50');


--
-- Name: events; Type: TABLE; Schema: spec; Owner: -
--

CREATE TABLE spec.events (
    spec_id uuid NOT NULL,
    sequence integer NOT NULL,
    revision integer NOT NULL,
    at timestamp with time zone NOT NULL,
    body json NOT NULL
);
ALTER TABLE ONLY spec.events ALTER COLUMN body SET COMPRESSION lz4;


--
-- Name: idempotency_keys; Type: TABLE; Schema: spec; Owner: -
--

CREATE TABLE spec.idempotency_keys (
    owner text NOT NULL,
    key text NOT NULL,
    spec_id uuid NOT NULL
);


--
-- Name: migrations; Type: TABLE; Schema: spec; Owner: -
--

CREATE TABLE spec.migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);


--
-- Name: runners; Type: TABLE; Schema: spec; Owner: -
--

CREATE TABLE spec.runners (
    id uuid NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    retired boolean DEFAULT false NOT NULL,
    pinned timestamp with time zone,
    suspected_at timestamp with time zone
)
WITH (fillfactor='50');


--
-- Name: specs; Type: TABLE; Schema: spec; Owner: -
--

CREATE TABLE spec.specs (
    id uuid NOT NULL,
    project_id text NOT NULL,
    owner text NOT NULL,
    status text NOT NULL,
    archived_at timestamp with time zone,
    machine_version integer NOT NULL,
    revision integer NOT NULL,
    last_sequence integer NOT NULL,
    epoch integer NOT NULL,
    runner uuid,
    claims integer NOT NULL,
    due_at timestamp with time zone,
    ready boolean NOT NULL,
    run_at timestamp with time zone
)
WITH (fillfactor='70');


--
-- Name: states; Type: TABLE; Schema: spec; Owner: -
--

CREATE TABLE spec.states (
    spec_id uuid NOT NULL,
    summary json NOT NULL,
    state json NOT NULL
)
WITH (fillfactor='60');
ALTER TABLE ONLY spec.states ALTER COLUMN state SET STORAGE MAIN;
ALTER TABLE ONLY spec.states ALTER COLUMN state SET COMPRESSION lz4;


--
-- Data for Name: artifacts; Type: TABLE DATA; Schema: spec; Owner: -
--

INSERT INTO spec.artifacts VALUES ('01a20456-265b-74f8-a730-fa97a993810d', 'explore', 1, '{"spec_id":"01a20456-265b-74f8-a730-fa97a993810d","phase":"explore","version":1,"content_hash":"f9ee87b5f28835d3ea2708f3b1a0b147007908c6c034a5e5782c5ae4b965ad4e","content":{"text":"found"},"author":{"kind":"agent","name":"scripted","attempt":1},"findings":[],"created_at":"2026-01-01T00:00:00.000000Z"}');


--
-- Data for Name: checkpoints; Type: TABLE DATA; Schema: spec; Owner: -
--

INSERT INTO spec.checkpoints VALUES ('01a20456-2649-75f3-a7bd-70b202977167', '{"run":{"attempt":{"spec_id":"01a20456-2649-75f3-a7bd-70b202977167","phase":"explore","attempt":1},"repair":0},"cursor":"line 1","bytes":80,"items":1,"usage":{"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"cost_micro_usd":0},"stderr_tail":"a line"}');


--
-- Data for Name: descriptions; Type: TABLE DATA; Schema: spec; Owner: -
--

INSERT INTO spec.descriptions VALUES ('01a20456-25f1-766a-afb3-732db52500fe', 'Let people export invoices as CSV.');
INSERT INTO spec.descriptions VALUES ('01a20456-262b-7381-9bef-0541c7238b7a', 'Let people export invoices as CSV.');
INSERT INTO spec.descriptions VALUES ('01a20456-2649-75f3-a7bd-70b202977167', 'Let people export invoices as CSV.');
INSERT INTO spec.descriptions VALUES ('01a20456-2655-7247-a735-b2cad94ba389', 'Let people export invoices as CSV.');
INSERT INTO spec.descriptions VALUES ('01a20456-265b-74f8-a730-fa97a993810d', 'Let people export invoices as CSV.');


--
-- Data for Name: duties; Type: TABLE DATA; Schema: spec; Owner: -
--



--
-- Data for Name: events; Type: TABLE DATA; Schema: spec; Owner: -
--

INSERT INTO spec.events VALUES ('01a20456-25f1-766a-afb3-732db52500fe', 1, 1, '2026-01-01 00:00:00+00', '{"type":"spec.created","data":{"project_id":"api","owner":"ada","title":"Export invoices","description":"Let people export invoices as CSV.","policy":{"gates":{"explore":"none","requirements":"none","design":"none","tasks":"none","sync":"none"},"questions":"ignore","max_attempts":3,"max_repairs":2,"backoff_seconds":2,"attempt_timeout_seconds":900,"max_output_bytes":67108864,"budget":{"tokens":null,"cost_micro_usd":null},"sandbox_reuse":"per_phase","agent":null,"fallback_agent":null},"agent":"scripted","machine_version":1}}');
INSERT INTO spec.events VALUES ('01a20456-262b-7381-9bef-0541c7238b7a', 1, 1, '2026-01-01 00:00:00+00', '{"type":"spec.created","data":{"project_id":"api","owner":"ada","title":"Export invoices","description":"Let people export invoices as CSV.","policy":{"gates":{"explore":"none","requirements":"none","design":"none","tasks":"none","sync":"none"},"questions":"ignore","max_attempts":3,"max_repairs":2,"backoff_seconds":2,"attempt_timeout_seconds":900,"max_output_bytes":67108864,"budget":{"tokens":null,"cost_micro_usd":null},"sandbox_reuse":"per_phase","agent":null,"fallback_agent":null},"agent":"scripted","machine_version":1}}');
INSERT INTO spec.events VALUES ('01a20456-262b-7381-9bef-0541c7238b7a', 2, 2, '2026-01-01 00:00:00+00', '{"type":"spec.cancel_requested","data":{"by":"ada","reason":null}}');
INSERT INTO spec.events VALUES ('01a20456-262b-7381-9bef-0541c7238b7a', 3, 2, '2026-01-01 00:00:00+00', '{"type":"spec.execution_cancelled","data":{}}');
INSERT INTO spec.events VALUES ('01a20456-262b-7381-9bef-0541c7238b7a', 4, 3, '2026-01-01 00:00:00+00', '{"type":"spec.archived","data":{"by":"ada"}}');
INSERT INTO spec.events VALUES ('01a20456-2649-75f3-a7bd-70b202977167', 1, 1, '2026-01-01 00:00:00+00', '{"type":"spec.created","data":{"project_id":"api","owner":"ada","title":"Export invoices","description":"Let people export invoices as CSV.","policy":{"gates":{"explore":"none","requirements":"none","design":"none","tasks":"none","sync":"none"},"questions":"ignore","max_attempts":3,"max_repairs":2,"backoff_seconds":2,"attempt_timeout_seconds":900,"max_output_bytes":67108864,"budget":{"tokens":null,"cost_micro_usd":null},"sandbox_reuse":"per_phase","agent":null,"fallback_agent":null},"agent":"scripted","machine_version":1}}');
INSERT INTO spec.events VALUES ('01a20456-2649-75f3-a7bd-70b202977167', 2, 1, '2026-01-01 00:00:00+00', '{"type":"spec.execution_started","data":{"by":"ada"}}');
INSERT INTO spec.events VALUES ('01a20456-2649-75f3-a7bd-70b202977167', 3, 1, '2026-01-01 00:00:00+00', '{"type":"spec.phase_started","data":{"phase":"explore","attempt":1,"agent":"scripted","deadline":"2026-01-01T00:15:00.000000Z"}}');
INSERT INTO spec.events VALUES ('01a20456-2649-75f3-a7bd-70b202977167', 4, 1, '2026-01-01 00:00:00+00', '{"type":"spec.progress","data":{"phase":"explore","attempt":1,"repair":0,"items":[{"kind":"message","text":"a line"}],"omitted":0}}');
INSERT INTO spec.events VALUES ('01a20456-2655-7247-a735-b2cad94ba389', 1, 1, '2026-01-01 00:00:00+00', '{"type":"spec.created","data":{"project_id":"web","owner":"ada","title":"Export invoices","description":"Let people export invoices as CSV.","policy":{"gates":{"explore":"none","requirements":"none","design":"none","tasks":"none","sync":"none"},"questions":"ignore","max_attempts":3,"max_repairs":2,"backoff_seconds":2,"attempt_timeout_seconds":900,"max_output_bytes":67108864,"budget":{"tokens":null,"cost_micro_usd":null},"sandbox_reuse":"per_phase","agent":null,"fallback_agent":null},"agent":"scripted","machine_version":1}}');
INSERT INTO spec.events VALUES ('01a20456-2655-7247-a735-b2cad94ba389', 2, 1, '2026-01-01 00:00:00+00', '{"type":"spec.execution_started","data":{"by":"ada"}}');
INSERT INTO spec.events VALUES ('01a20456-2655-7247-a735-b2cad94ba389', 3, 1, '2026-01-01 00:00:00+00', '{"type":"spec.phase_started","data":{"phase":"explore","attempt":1,"agent":"scripted","deadline":"2026-01-01T00:15:00.000000Z"}}');
INSERT INTO spec.events VALUES ('01a20456-265b-74f8-a730-fa97a993810d', 1, 1, '2026-01-01 00:00:00+00', '{"type":"spec.created","data":{"project_id":"api","owner":"ada","title":"Export invoices","description":"Let people export invoices as CSV.","policy":{"gates":{"explore":"none","requirements":"none","design":"none","tasks":"none","sync":"none"},"questions":"ignore","max_attempts":3,"max_repairs":2,"backoff_seconds":2,"attempt_timeout_seconds":900,"max_output_bytes":67108864,"budget":{"tokens":null,"cost_micro_usd":null},"sandbox_reuse":"per_phase","agent":null,"fallback_agent":null},"agent":"scripted","machine_version":1}}');
INSERT INTO spec.events VALUES ('01a20456-265b-74f8-a730-fa97a993810d', 2, 1, '2026-01-01 00:00:00+00', '{"type":"spec.execution_started","data":{"by":"ada"}}');
INSERT INTO spec.events VALUES ('01a20456-265b-74f8-a730-fa97a993810d', 3, 1, '2026-01-01 00:00:00+00', '{"type":"spec.phase_started","data":{"phase":"explore","attempt":1,"agent":"scripted","deadline":"2026-01-01T00:15:00.000000Z"}}');
INSERT INTO spec.events VALUES ('01a20456-265b-74f8-a730-fa97a993810d', 4, 2, '2026-01-01 00:00:00+00', '{"type":"spec.progress","data":{"phase":"explore","attempt":1,"repair":0,"items":[{"kind":"message","text":"on it"}],"omitted":0}}');


--
-- Data for Name: idempotency_keys; Type: TABLE DATA; Schema: spec; Owner: -
--

INSERT INTO spec.idempotency_keys VALUES ('ada', 'once', '01a20456-2655-7247-a735-b2cad94ba389');


--
-- Data for Name: migrations; Type: TABLE DATA; Schema: spec; Owner: -
--

INSERT INTO spec.migrations VALUES (1, 'specs', '2026-11-22 17:38:04.375981+00', true, '\x573338778b45c869b9573e767f7b0bddbb2ac5ebc2fa60f7aa08e20abe6fd77ee09234c43a8e2e36c2b734581b064fe4', 16345991);


--
-- Data for Name: runners; Type: TABLE DATA; Schema: spec; Owner: -
--

INSERT INTO spec.runners VALUES ('01a20456-2635-7601-b08e-169570270f6d', '2026-11-22 17:38:05.488106+00', false, NULL, NULL);


--
-- Data for Name: specs; Type: TABLE DATA; Schema: spec; Owner: -
--

INSERT INTO spec.specs VALUES ('01a20456-25f1-766a-afb3-732db52500fe', 'api', 'ada', 'draft', NULL, 1, 1, 1, 0, NULL, 0, NULL, false, NULL);
INSERT INTO spec.specs VALUES ('01a20456-262b-7381-9bef-0541c7238b7a', 'api', 'ada', 'cancelled', '2026-01-01 00:00:00+00', 1, 3, 4, 0, NULL, 0, NULL, false, NULL);
INSERT INTO spec.specs VALUES ('01a20456-2649-75f3-a7bd-70b202977167', 'api', 'ada', 'executing', NULL, 1, 1, 4, 1, '01a20456-2635-7601-b08e-169570270f6d', 0, '2026-01-01 00:00:00+00', false, '2026-01-01 00:00:00+00');
INSERT INTO spec.specs VALUES ('01a20456-2655-7247-a735-b2cad94ba389', 'web', 'ada', 'executing', NULL, 1, 1, 3, 0, NULL, 0, '2026-01-01 00:00:00+00', true, '2026-01-01 00:00:00+00');
INSERT INTO spec.specs VALUES ('01a20456-265b-74f8-a730-fa97a993810d', 'api', 'ada', 'executing', NULL, 1, 2, 4, 0, NULL, 0, '2026-01-01 00:00:00+00', true, '2026-01-01 00:00:00+00');


--
-- Data for Name: states; Type: TABLE DATA; Schema: spec; Owner: -
--

INSERT INTO spec.states VALUES ('01a20456-25f1-766a-afb3-732db52500fe', '{"id":"01a20456-25f1-766a-afb3-732db52500fe","project_id":"api","owner":"ada","title":"Export invoices","status":"draft","current_phase":null,"percent":0,"created_at":"2026-01-01T00:00:00.000000Z","updated_at":"2026-01-01T00:00:00.000000Z","archived_at":null}', '{"agent":"scripted","created_at":"2026-01-01T00:00:00.000000Z","id":"01a20456-25f1-766a-afb3-732db52500fe","machine_version":1,"owner":"ada","phases":{"explore":{"status":"pending"},"requirements":{"status":"pending"},"design":{"status":"pending"},"tasks":{"status":"pending"},"sync":{"status":"pending"}},"policy":{"gates":{"explore":"none","requirements":"none","design":"none","tasks":"none","sync":"none"},"questions":"ignore","max_attempts":3,"max_repairs":2,"backoff_seconds":2,"attempt_timeout_seconds":900,"max_output_bytes":67108864,"budget":{"tokens":null,"cost_micro_usd":null},"sandbox_reuse":"per_phase","agent":null,"fallback_agent":null},"project_id":"api","revision":1,"status":"draft","title":"Export invoices","updated_at":"2026-01-01T00:00:00.000000Z"}');
INSERT INTO spec.states VALUES ('01a20456-262b-7381-9bef-0541c7238b7a', '{"id":"01a20456-262b-7381-9bef-0541c7238b7a","project_id":"api","owner":"ada","title":"Export invoices","status":"cancelled","current_phase":"explore","percent":0,"created_at":"2026-01-01T00:00:00.000000Z","updated_at":"2026-01-01T00:00:00.000000Z","archived_at":"2026-01-01T00:00:00.000000Z"}', '{"agent":"scripted","archived_at":"2026-01-01T00:00:00.000000Z","created_at":"2026-01-01T00:00:00.000000Z","id":"01a20456-262b-7381-9bef-0541c7238b7a","machine_version":1,"owner":"ada","phases":{"explore":{"status":"pending"},"requirements":{"status":"pending"},"design":{"status":"pending"},"tasks":{"status":"pending"},"sync":{"status":"pending"}},"policy":{"gates":{"explore":"none","requirements":"none","design":"none","tasks":"none","sync":"none"},"questions":"ignore","max_attempts":3,"max_repairs":2,"backoff_seconds":2,"attempt_timeout_seconds":900,"max_output_bytes":67108864,"budget":{"tokens":null,"cost_micro_usd":null},"sandbox_reuse":"per_phase","agent":null,"fallback_agent":null},"project_id":"api","revision":3,"status":"cancelled","title":"Export invoices","updated_at":"2026-01-01T00:00:00.000000Z"}');
INSERT INTO spec.states VALUES ('01a20456-2649-75f3-a7bd-70b202977167', '{"id":"01a20456-2649-75f3-a7bd-70b202977167","project_id":"api","owner":"ada","title":"Export invoices","status":"executing","current_phase":"explore","percent":0,"created_at":"2026-01-01T00:00:00.000000Z","updated_at":"2026-01-01T00:00:00.000000Z","archived_at":null}', '{"agent":"scripted","created_at":"2026-01-01T00:00:00.000000Z","id":"01a20456-2649-75f3-a7bd-70b202977167","machine_version":1,"owner":"ada","phases":{"explore":{"status":"running","attempts":[{"number":1,"repair":0,"stage":{"stage":"spawning"},"agent":"scripted","sandbox":{"status":"requested"},"failed_effects":0,"not_before":"2026-01-01T00:00:00.000000Z","deadline":"2026-01-01T00:15:00.000000Z","started_at":"2026-01-01T00:00:00.000000Z"}],"started_at":"2026-01-01T00:00:00.000000Z"},"requirements":{"status":"pending"},"design":{"status":"pending"},"tasks":{"status":"pending"},"sync":{"status":"pending"}},"policy":{"gates":{"explore":"none","requirements":"none","design":"none","tasks":"none","sync":"none"},"questions":"ignore","max_attempts":3,"max_repairs":2,"backoff_seconds":2,"attempt_timeout_seconds":900,"max_output_bytes":67108864,"budget":{"tokens":null,"cost_micro_usd":null},"sandbox_reuse":"per_phase","agent":null,"fallback_agent":null},"project_id":"api","revision":1,"status":"executing","title":"Export invoices","updated_at":"2026-01-01T00:00:00.000000Z"}');
INSERT INTO spec.states VALUES ('01a20456-2655-7247-a735-b2cad94ba389', '{"id":"01a20456-2655-7247-a735-b2cad94ba389","project_id":"web","owner":"ada","title":"Export invoices","status":"executing","current_phase":"explore","percent":0,"created_at":"2026-01-01T00:00:00.000000Z","updated_at":"2026-01-01T00:00:00.000000Z","archived_at":null}', '{"agent":"scripted","created_at":"2026-01-01T00:00:00.000000Z","id":"01a20456-2655-7247-a735-b2cad94ba389","machine_version":1,"owner":"ada","phases":{"explore":{"status":"running","attempts":[{"number":1,"repair":0,"stage":{"stage":"spawning"},"agent":"scripted","sandbox":{"status":"requested"},"failed_effects":0,"not_before":"2026-01-01T00:00:00.000000Z","deadline":"2026-01-01T00:15:00.000000Z","started_at":"2026-01-01T00:00:00.000000Z"}],"started_at":"2026-01-01T00:00:00.000000Z"},"requirements":{"status":"pending"},"design":{"status":"pending"},"tasks":{"status":"pending"},"sync":{"status":"pending"}},"policy":{"gates":{"explore":"none","requirements":"none","design":"none","tasks":"none","sync":"none"},"questions":"ignore","max_attempts":3,"max_repairs":2,"backoff_seconds":2,"attempt_timeout_seconds":900,"max_output_bytes":67108864,"budget":{"tokens":null,"cost_micro_usd":null},"sandbox_reuse":"per_phase","agent":null,"fallback_agent":null},"project_id":"web","revision":1,"status":"executing","title":"Export invoices","updated_at":"2026-01-01T00:00:00.000000Z"}');
INSERT INTO spec.states VALUES ('01a20456-265b-74f8-a730-fa97a993810d', '{"id":"01a20456-265b-74f8-a730-fa97a993810d","project_id":"api","owner":"ada","title":"Export invoices","status":"executing","current_phase":"explore","percent":0,"created_at":"2026-01-01T00:00:00.000000Z","updated_at":"2026-01-01T00:00:00.000000Z","archived_at":null}', '{"agent":"scripted","created_at":"2026-01-01T00:00:00.000000Z","id":"01a20456-265b-74f8-a730-fa97a993810d","machine_version":1,"owner":"ada","phases":{"explore":{"status":"running","attempts":[{"number":1,"repair":0,"stage":{"stage":"spawning"},"agent":"scripted","sandbox":{"status":"requested"},"failed_effects":0,"not_before":"2026-01-01T00:00:00.000000Z","deadline":"2026-01-01T00:15:00.000000Z","started_at":"2026-01-01T00:00:00.000000Z"}],"started_at":"2026-01-01T00:00:00.000000Z"},"requirements":{"status":"pending"},"design":{"status":"pending"},"tasks":{"status":"pending"},"sync":{"status":"pending"}},"policy":{"gates":{"explore":"none","requirements":"none","design":"none","tasks":"none","sync":"none"},"questions":"ignore","max_attempts":3,"max_repairs":2,"backoff_seconds":2,"attempt_timeout_seconds":900,"max_output_bytes":67108864,"budget":{"tokens":null,"cost_micro_usd":null},"sandbox_reuse":"per_phase","agent":null,"fallback_agent":null},"project_id":"api","revision":2,"status":"executing","title":"Export invoices","updated_at":"2026-01-01T00:00:00.000000Z"}');


--
-- Name: artifacts artifacts_pkey; Type: CONSTRAINT; Schema: spec; Owner: -
--

ALTER TABLE ONLY spec.artifacts
    ADD CONSTRAINT artifacts_pkey PRIMARY KEY (spec_id, phase, version);


--
-- Name: checkpoints checkpoints_pkey; Type: CONSTRAINT; Schema: spec; Owner: -
--

ALTER TABLE ONLY spec.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (spec_id);


--
-- Name: descriptions descriptions_pkey; Type: CONSTRAINT; Schema: spec; Owner: -
--

ALTER TABLE ONLY spec.descriptions
    ADD CONSTRAINT descriptions_pkey PRIMARY KEY (spec_id);


--
-- Name: duties duties_pkey; Type: CONSTRAINT; Schema: spec; Owner: -
--

ALTER TABLE ONLY spec.duties
    ADD CONSTRAINT duties_pkey PRIMARY KEY (name);


--
-- Name: events events_pkey; Type: CONSTRAINT; Schema: spec; Owner: -
--

ALTER TABLE ONLY spec.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (spec_id, sequence);


--
-- Name: idempotency_keys idempotency_keys_pkey; Type: CONSTRAINT; Schema: spec; Owner: -
--

ALTER TABLE ONLY spec.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (owner, key);


--
-- Name: migrations migrations_pkey; Type: CONSTRAINT; Schema: spec; Owner: -
--

ALTER TABLE ONLY spec.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (version);


--
-- Name: runners runners_pkey; Type: CONSTRAINT; Schema: spec; Owner: -
--

ALTER TABLE ONLY spec.runners
    ADD CONSTRAINT runners_pkey PRIMARY KEY (id);


--
-- Name: specs specs_pkey; Type: CONSTRAINT; Schema: spec; Owner: -
--

ALTER TABLE ONLY spec.specs
    ADD CONSTRAINT specs_pkey PRIMARY KEY (id);


--
-- Name: states states_pkey; Type: CONSTRAINT; Schema: spec; Owner: -
--

ALTER TABLE ONLY spec.states
    ADD CONSTRAINT states_pkey PRIMARY KEY (spec_id);


--
-- Name: idempotency_keys_of_spec; Type: INDEX; Schema: spec; Owner: -
--

CREATE INDEX idempotency_keys_of_spec ON spec.idempotency_keys USING btree (spec_id);


--
-- Name: specs_archived; Type: INDEX; Schema: spec; Owner: -
--

CREATE INDEX specs_archived ON spec.specs USING btree (archived_at) WHERE (archived_at IS NOT NULL);


--
-- Name: specs_held; Type: INDEX; Schema: spec; Owner: -
--

CREATE INDEX specs_held ON spec.specs USING btree (runner) WHERE (runner IS NOT NULL);


--
-- Name: specs_of_owner; Type: INDEX; Schema: spec; Owner: -
--

CREATE INDEX specs_of_owner ON spec.specs USING btree (owner, id);


--
-- Name: specs_of_project; Type: INDEX; Schema: spec; Owner: -
--

CREATE INDEX specs_of_project ON spec.specs USING btree (project_id, id);


--
-- Name: specs_of_status; Type: INDEX; Schema: spec; Owner: -
--

CREATE INDEX specs_of_status ON spec.specs USING btree (status, id);


--
-- Name: specs_ready; Type: INDEX; Schema: spec; Owner: -
--

CREATE INDEX specs_ready ON spec.specs USING btree (run_at, id) WHERE ready;


--
-- Name: specs_ready_of_project; Type: INDEX; Schema: spec; Owner: -
--

CREATE INDEX specs_ready_of_project ON spec.specs USING btree (project_id, run_at, id) WHERE ready;


--
-- PostgreSQL database dump complete
--

\unrestrict MQvgFmT5Fdh8Th4YRSBB0SuiDc5p3dQ0B3TdoS9rJFBunTC5jp3ex54DDfYNxRe

