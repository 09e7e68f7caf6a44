//! The check bites where it must and nowhere else.

use serde_json::{Value, json};

use super::{Description, Descriptions, Request};
use crate::daytona::RecordedRequest;

fn request(method: &str, path: &str) -> Request {
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        ..Request::default()
    }
}

fn with_query(mut request: Request, query: &[(&str, &str)]) -> Request {
    for (name, value) in query {
        request
            .query
            .push(((*name).to_owned(), (*value).to_owned()));
    }
    request
}

fn with_json(mut request: Request, body: &Value) -> Request {
    request.content_type = Some("application/json; charset=utf-8".to_owned());
    request.body = body.to_string().into_bytes();
    request
}

fn with_body(mut request: Request, content_type: &str, body: &str) -> Request {
    request.content_type = Some(content_type.to_owned());
    request.body = body.as_bytes().to_vec();
    request
}

/// A form of one part, with the header that says so.
fn with_part(request: Request, disposition: &str, content: &str) -> Request {
    let body = format!(
        "--cut\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n--cut--\r\n"
    );
    with_body(request, "multipart/form-data; boundary=cut", &body)
}

/// A garden in the newer dialect.
fn garden() -> Description {
    let document = json!({
        "openapi": "3.0.0",
        "paths": {
            "/beds": {
                "get": { "parameters": [
                    { "name": "most", "in": "query", "schema": { "type": "number", "minimum": 1, "maximum": 9 } },
                    { "name": "shady", "in": "query", "schema": { "type": "boolean" } },
                    { "name": "soils", "in": "query", "schema": { "type": "array", "items": { "$ref": "#/components/schemas/Soil" } } },
                    { "name": "since", "in": "query", "schema": { "type": "string", "format": "date-time" } },
                    { "name": "X-Gardener", "in": "header", "schema": { "type": "string", "maxLength": 3 } },
                ] },
                "post": { "requestBody": { "required": true, "content": {
                    "application/json": { "schema": { "$ref": "#/components/schemas/Bed" } },
                } } },
            },
            "/beds/weeds": { "get": {} },
            "/beds/{bed}": {
                "parameters": [{ "name": "bed", "in": "path", "required": true, "schema": { "type": "integer" } }],
                "get": {},
                "put": { "requestBody": { "content": { "application/json": { "schema": {
                    "allOf": [{ "$ref": "#/components/schemas/Bed" }, { "properties": { "note": { "type": "string" } } }],
                } } } } },
            },
        },
        "components": { "schemas": {
            "Soil": { "type": "string", "enum": ["clay", "sand"], "x-enum-varnames": ["Clay", "Sand"] },
            "Bed": { "type": "object", "required": ["name"], "properties": {
                "name": { "type": "string", "description": "What the sign says" },
                "soil": { "allOf": [{ "$ref": "#/components/schemas/Soil" }] },
                "slope": { "type": "number", "minimum": 0, "exclusiveMinimum": true, "nullable": true },
                "tags": { "type": "object", "additionalProperties": { "type": "string" } },
                "notes": { "type": "object" },
                "plants": { "type": "array", "items": { "$ref": "#/components/schemas/Plant" } },
            } },
            "Plant": { "type": "object", "properties": {
                "kind": { "type": "string" },
                "offshoots": { "type": "array", "items": { "$ref": "#/components/schemas/Plant" } },
                "twin": { "nullable": true, "allOf": [{ "$ref": "#/components/schemas/Plant" }] },
            } },
        } },
    });
    Description::new(&document).expect("the garden is understood")
}

/// A shed in the older dialect.
fn shed() -> Description {
    let document = json!({
        "swagger": "2.0",
        "paths": {
            "/tools": {
                "get": { "parameters": [
                    { "name": "sharp", "in": "query", "type": "boolean", "required": true },
                    { "name": "sizes", "in": "query", "type": "array", "items": { "type": "integer" } },
                ] },
                "post": {
                    "consumes": ["application/json"],
                    "parameters": [{ "name": "tool", "in": "body", "required": true, "schema": { "$ref": "#/definitions/tool" } }],
                },
            },
            "/pictures": { "post": {
                "consumes": ["multipart/form-data"],
                "parameters": [
                    { "name": "picture", "in": "formData", "type": "file", "required": true },
                    { "name": "width", "in": "formData", "type": "integer" },
                ],
            } },
            "/boxes": { "post": { "consumes": ["multipart/form-data"] } },
        },
        "definitions": {
            "tool": { "type": "object", "required": ["name"], "properties": {
                "name": { "type": "string" },
                "handle": { "$ref": "#/definitions/handle" },
            } },
            "handle": { "type": "object", "properties": { "wood": { "type": "string", "x-nullable": true } } },
        },
    });
    Description::new(&document).expect("the shed is understood")
}

#[track_caller]
fn assert_valid(description: &Description, request: &Request) {
    let violations = description.violations(request);
    assert!(violations.is_empty(), "{violations:#?}");
}

/// There is one violation, it names the request, and it has all of `words`.
#[track_caller]
fn assert_refused(description: &Description, request: &Request, words: &[&str]) {
    let violations = description.violations(request);
    assert_eq!(violations.len(), 1, "{violations:#?}");
    let violation = violations.concat();
    let named = format!("{} {}: ", request.method, request.path);
    assert!(violation.starts_with(&named), "{violation}");
    for word in words {
        assert!(violation.contains(word), "{word} is not in {violation}");
    }
}

#[test]
fn a_valid_request_has_no_violations() {
    let bed = json!({
        "name": "roses",
        "soil": "clay",
        "slope": null,
        "tags": { "any": "tag" },
        "notes": { "of": { "any": ["shape"] } },
        "plants": [{ "kind": "rose", "twin": null, "offshoots": [{ "kind": "rose" }] }],
    });
    assert_valid(&garden(), &with_json(request("POST", "/beds"), &bed));
    let query = [
        ("most", "9"),
        ("shady", "true"),
        ("soils", "clay"),
        ("soils", "sand"),
        ("since", "2026-11-22T18:30:00Z"),
    ];
    assert_valid(&garden(), &with_query(request("get", "/beds"), &query));
    assert_valid(&garden(), &request("GET", "/beds/7"));

    let tool = json!({ "name": "saw", "handle": { "wood": null } });
    assert_valid(&shed(), &with_json(request("POST", "/tools"), &tool));
    let query = [("sharp", "false"), ("sizes", "1,2,3")];
    assert_valid(&shed(), &with_query(request("GET", "/tools"), &query));
}

#[test]
fn an_unknown_property_is_refused_at_any_depth() {
    let post = || request("POST", "/beds");
    assert_refused(
        &garden(),
        &with_json(post(), &json!({ "name": "roses", "nmae": "roses" })),
        &["its top", "'nmae'"],
    );
    let deep = json!({ "name": "roses", "plants": [{ "offshoots": [{ "knid": "rose" }] }] });
    assert_refused(
        &garden(),
        &with_json(post(), &deep),
        &["/plants/0/offshoots/0", "'knid'"],
    );
    let tool = json!({ "name": "saw", "handle": { "wod": "oak" } });
    assert_refused(
        &shed(),
        &with_json(request("POST", "/tools"), &tool),
        &["/handle", "'wod'"],
    );
}

#[test]
fn a_composed_object_has_the_properties_of_all_its_parts_and_no_other() {
    let put = || request("PUT", "/beds/7");
    let whole = json!({ "name": "roses", "note": "thorny" });
    assert_valid(&garden(), &with_json(put(), &whole));
    let more = json!({ "name": "roses", "note": "thorny", "nose": "red" });
    assert_refused(&garden(), &with_json(put(), &more), &["'nose'"]);
}

#[test]
fn a_value_of_a_wrong_type_is_refused() {
    let post = |bed: &Value| with_json(request("POST", "/beds"), bed);
    assert_refused(
        &garden(),
        &post(&json!({ "name": 1 })),
        &["/name", "string"],
    );
    let tags = json!({ "name": "roses", "tags": { "x": 1 } });
    assert_refused(&garden(), &post(&tags), &["/tags/x", "string"]);
    assert_refused(
        &garden(),
        &request("GET", "/beds/seven"),
        &["`bed`", "integer"],
    );
    let query = with_query(request("GET", "/beds"), &[("shady", "1")]);
    assert_refused(&garden(), &query, &["`shady`", "boolean"]);
    let query = with_query(request("GET", "/beds"), &[("since", "yesterday")]);
    assert_refused(&garden(), &query, &["`since`", "date-time"]);
    let query = with_query(
        request("GET", "/tools"),
        &[("sharp", "true"), ("sizes", "1,x")],
    );
    assert_refused(&shed(), &query, &["`sizes`", "integer"]);
}

#[test]
fn what_is_required_may_not_be_missing() {
    let post = with_json(request("POST", "/beds"), &json!({ "soil": "clay" }));
    assert_refused(&garden(), &post, &["\"name\"", "required"]);
    assert_refused(&garden(), &request("POST", "/beds"), &["body is missing"]);
    assert_refused(&shed(), &request("GET", "/tools"), &["`sharp`", "missing"]);
}

#[test]
fn a_route_that_is_not_described_is_refused() {
    for path in ["/bed", "/beds/", "/beds/7/soil", "beds", "/beds/7/"] {
        assert_refused(&garden(), &request("GET", path), &["no such route"]);
    }
}

#[test]
fn a_method_that_a_route_does_not_have_is_refused() {
    let delete = request("DELETE", "/beds/7");
    assert_refused(&garden(), &delete, &["/beds/{bed}", "GET, PUT"]);
}

#[test]
fn of_two_routes_the_more_literal_one_is_meant() {
    assert_valid(&garden(), &request("GET", "/beds/weeds"));
    assert_refused(&garden(), &request("PUT", "/beds/weeds"), &["only GET"]);
}

#[test]
fn a_query_parameter_that_is_not_declared_is_refused() {
    let query = with_query(request("GET", "/beds"), &[("mots", "3")]);
    assert_refused(&garden(), &query, &["`mots`", "not declared"]);
}

#[test]
fn a_query_parameter_that_is_no_list_is_given_once() {
    let query = with_query(request("GET", "/beds"), &[("most", "3"), ("most", "4")]);
    assert_refused(&garden(), &query, &["`most`", "2 times"]);
}

#[test]
fn a_number_out_of_its_bounds_is_refused() {
    for most in ["0", "10"] {
        let query = with_query(request("GET", "/beds"), &[("most", most)]);
        assert_refused(&garden(), &query, &["`most`", most]);
    }
    let flat = json!({ "name": "roses", "slope": 0 });
    assert_refused(
        &garden(),
        &with_json(request("POST", "/beds"), &flat),
        &["/slope"],
    );
}

#[test]
fn a_value_that_is_not_in_its_enumeration_is_refused() {
    let peat = json!({ "name": "roses", "soil": "peat" });
    assert_refused(
        &garden(),
        &with_json(request("POST", "/beds"), &peat),
        &["/soil", "peat", "clay"],
    );
    let query = with_query(
        request("GET", "/beds"),
        &[("soils", "clay"), ("soils", "peat")],
    );
    assert_refused(&garden(), &query, &["`soils`", "peat"]);
}

#[test]
fn a_declared_header_is_checked_whatever_its_case() {
    let mut get = request("GET", "/beds");
    get.headers = vec![
        ("x-gardener".to_owned(), "Anna".to_owned()),
        ("x-undeclared".to_owned(), "is fine".to_owned()),
    ];
    assert_refused(&garden(), &get, &["header", "`X-Gardener`", "Anna"]);
}

#[test]
fn a_content_type_that_is_not_declared_is_refused() {
    let post = || request("POST", "/beds");
    let text = with_body(post(), "text/plain", "{\"name\":\"roses\"}");
    assert_refused(&garden(), &text, &["text/plain", "only application/json"]);
    let mut bare = with_json(post(), &json!({ "name": "roses" }));
    bare.content_type = None;
    assert_refused(&garden(), &bare, &["no content type"]);
    let broken = with_body(post(), "application/json", "{");
    assert_refused(&garden(), &broken, &["not JSON"]);
}

#[test]
fn a_body_where_none_is_declared_is_refused() {
    let get = with_json(request("GET", "/beds/7"), &json!({}));
    assert_refused(&garden(), &get, &["none is declared"]);
}

#[test]
fn a_form_has_its_declared_parts_and_files_have_names() {
    let post = || request("POST", "/pictures");
    let file = "name=\"picture\"; filename=\"a \\\"b\\\";.png\"";
    assert_valid(&shed(), &with_part(post(), file, "\r\n--cu"));
    assert_refused(
        &shed(),
        &with_part(post(), "name=picture", "bytes"),
        &["`picture`", "no file name"],
    );
    let other = with_part(post(), "name=\"pitcure\"; filename=\"a.png\"", "bytes");
    let violations = shed().violations(&other).concat();
    assert!(
        violations.contains("`pitcure` is not declared"),
        "{violations}"
    );
    assert!(violations.contains("`picture` is missing"), "{violations}");

    let body = "--cut\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"a\"\r\n\r\n\r\n--cut\r\n\
                content-disposition: form-data; name=\"width\"\r\n\r\nwide\r\n--cut--";
    let wide = with_body(
        post(),
        "multipart/form-data; charset=utf-8; boundary=\"cut\"",
        body,
    );
    assert_refused(&shed(), &wide, &["`width`", "integer"]);
}

#[test]
fn a_form_of_which_no_part_is_declared_may_have_any() {
    assert_valid(
        &shed(),
        &with_part(request("POST", "/boxes"), "name=\"any\"", "thing"),
    );
}

#[test]
fn a_form_that_is_cut_off_is_refused() {
    for body in [
        "",
        "--cut",
        "--cut\r\n\r\n",
        "--cut\r\nName: x\r\n\r\nx\r\n--cut--",
    ] {
        let post = request("POST", "/pictures");
        let post = with_body(post, "multipart/form-data; boundary=cut", body);
        let violations = shed().violations(&post);
        assert!(!violations.is_empty(), "{body:?}");
    }
}

#[test]
fn a_description_that_says_unknown_things_is_not_half_understood() {
    let document = |schema: Value| {
        json!({
            "openapi": "3.0.3",
            "paths": { "/x": { "post": { "requestBody": { "content": {
                "application/json": { "schema": schema },
            } } } } },
        })
    };
    for (schema, word) in [
        (json!({ "patternProperties": {} }), "patternProperties"),
        (json!({ "$ref": "#/components/schemas/Missing" }), "Missing"),
        (json!({ "$ref": "elsewhere.json#/x" }), "elsewhere"),
    ] {
        let error = Description::new(&document(schema)).expect_err("it is not understood");
        let error = format!("{error:#}");
        assert!(error.contains("post /x") && error.contains(word), "{error}");
    }
    assert!(Description::new(&json!({ "openapi": "3.1.0", "paths": {} })).is_err());
}

/// The real descriptions, or a line that says that they are missing.
fn daytona() -> Option<Descriptions> {
    let descriptions = Descriptions::load().expect("the descriptions are understood");
    if descriptions.is_none() {
        println!("{}", Descriptions::skipped());
    }
    descriptions
}

#[test]
fn the_descriptions_of_daytona_are_understood_as_a_whole() {
    let Some(daytona) = daytona() else { return };
    let operations = (daytona.api.operations(), daytona.toolbox.operations());
    assert!(operations.0 > 150 && operations.1 > 90, "{operations:?}");
}

#[test]
fn daytona_takes_a_sandbox_that_is_spelt_right() {
    let Some(daytona) = daytona() else { return };
    let body = json!({
        "name": "spec-1",
        "snapshot": "daytona-small",
        "env": { "LANG": "C" },
        "labels": { "spec.managed": "true" },
        "autoStopInterval": 15,
        "autoDeleteInterval": 0,
        "ttlMinutes": 240,
        "networkBlockAll": true,
        "buildInfo": { "dockerfileContent": "FROM scratch" },
        "volumes": [{ "volumeId": "v", "mountPath": "/data" }],
        "secrets": [{ "TOKEN": "token" }],
    });
    assert_valid(&daytona.api, &with_json(request("POST", "/sandbox"), &body));
    let list = [
        ("labels", "{\"spec.managed\":\"true\"}"),
        ("limit", "200"),
        ("states", "started"),
        ("states", "stopped"),
        ("cursor", "abc"),
    ];
    assert_valid(&daytona.api, &with_query(request("GET", "/sandbox"), &list));
    let ttl = request("POST", "/sandbox/spec-1/ttl/30");
    assert_valid(&daytona.api, &ttl);
}

#[test]
fn daytona_is_not_asked_for_what_it_would_silently_ignore() {
    let Some(daytona) = daytona() else { return };
    let create = |body: Value| with_json(request("POST", "/sandbox"), &body);
    for (body, words) in [
        (
            json!({ "auto_stop_interval": 15 }),
            ["its top", "auto_stop_interval"],
        ),
        (
            json!({ "autoStopInterval": "x" }),
            ["/autoStopInterval", "integer"],
        ),
        (json!({ "labels": { "x": 1 } }), ["/labels/x", "string"]),
        (
            json!({ "volumes": [{ "volumeId": "v" }] }),
            ["/volumes/0", "mountPath"],
        ),
    ] {
        assert_refused(&daytona.api, &create(body), &words);
    }
    let list = with_query(request("GET", "/sandbox"), &[("limit", "500")]);
    assert_refused(&daytona.api, &list, &["`limit`", "500", "200"]);
    let misspelt = with_json(request("POST", "/sandboxes"), &json!({}));
    assert_refused(&daytona.api, &misspelt, &["no such route"]);
    let ttl = request("POST", "/sandbox/spec-1/ttl/soon");
    assert_refused(&daytona.api, &ttl, &["`ttlMinutes`", "number"]);
}

#[test]
fn a_recorded_request_is_judged_by_the_side_that_it_was_sent_to() {
    let descriptions = Descriptions {
        api: garden(),
        toolbox: shed(),
    };
    let recorded = |path: &str, query: &str| {
        let (path, query) = (path.to_owned(), query.to_owned());
        let recorded = RecordedRequest {
            method: "GET".to_owned(),
            path,
            query,
            headers: Vec::new(),
            body: Vec::new(),
        };
        descriptions.violations(&recorded)
    };
    let none: [&str; 0] = [];
    assert_eq!(
        recorded("/api/beds", "since=2026-11-22T18%3A30%3A00Z"),
        none
    );
    assert_eq!(recorded("/toolbox/some-sandbox/tools", "sharp=true"), none);
    let beds = recorded("/api/beds", "shady=very&soils=peat%20moss");
    assert!(
        beds.len() == 2 && beds.concat().contains("peat moss"),
        "{beds:?}"
    );
    for path in [
        "/api/tools",
        "/toolbox/some-sandbox/beds",
        "/toolbox/tools",
        "/tools",
    ] {
        let found = recorded(path, "sharp=true").concat();
        assert!(found.contains("no such route"), "{path}: {found}");
    }
}

#[test]
fn the_toolbox_of_daytona_takes_commands_and_files() {
    let Some(daytona) = daytona() else { return };
    let toolbox = &daytona.toolbox;
    let exec = |body: Value| with_json(request("POST", "/process/session/s/exec"), &body);
    assert_valid(
        toolbox,
        &exec(json!({ "command": "true", "runAsync": true })),
    );
    // What a one-shot command has, a session does not.
    assert_refused(
        toolbox,
        &exec(json!({ "command": "true", "cwd": "/tmp" })),
        &["'cwd'"],
    );
    let upload = || with_query(request("POST", "/files/upload-v2"), &[("path", "a/b")]);
    let file = "name=\"file\"; filename=\"b\"";
    assert_valid(toolbox, &with_part(upload(), file, "bytes"));
    assert_valid(
        toolbox,
        &with_body(upload(), "application/octet-stream", "bytes"),
    );
    let text = with_body(upload(), "text/plain", "bytes");
    assert_refused(toolbox, &text, &["text/plain"]);
    let old = with_query(request("POST", "/files/upload"), &[("path", "a/b")]);
    assert_refused(toolbox, &old, &["no such route"]);
}
