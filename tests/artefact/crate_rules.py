"""The rules of RO-Crate 1.1, 1.2 and 1.3 and of the Process Run Crate that goes with each, one function a rule, written from
the specifications; nothing of tare's is used. `broken(document, files, version)` names the rules that a crate breaks."""

import datetime
import re

PROFILES = {"1.1": "https://w3id.org/ro/wfrun/process/0.5", "1.2": None, "1.3": "https://w3id.org/ro/wfrun/process/0.6"}
ACTIONS = {"CreateAction", "ActivateAction", "UpdateAction"}
TOOLS = {"SoftwareApplication", "SoftwareSourceCode", "ComputationalWorkflow"}
RULES = []  # (name, versions, function)


def rule(name, *versions):
    """A rule of these versions of RO-Crate, or of all; its name is the specification's section and what it says."""
    def take(function):
        RULES.append((name, versions or tuple(PROFILES), function))
        return function
    return take


class Crate:
    def __init__(self, document, files, version):
        self.document, self.files, self.version, self.profile = document, files, version, PROFILES[version]
        self.graph = document.get("@graph", [])
        self.by_id = {entity.get("@id"): entity for entity in self.graph}
        self.descriptor = self.by_id.get("ro-crate-metadata.json", {})
        self.root = self.by_id.get("./", {})

    def of(self, kinds):
        return [entity for entity in self.graph if types(entity) & set(kinds)]


def listed(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def types(entity):
    return set(listed(entity.get("@type")))


def references(value):
    """Every {"@id": ...} in a property's value."""
    return [one["@id"] for one in listed(value) if isinstance(one, dict) and "@id" in one]


def broken(document, files, version):
    crate = Crate(document, files, version)
    found = []
    for name, versions, holds in RULES:
        if version not in versions:
            continue
        try:
            good = holds(crate)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            good = False
        if not good:
            found.append(name)
    return found


# --- RO-Crate: JSON-LD

@rule("json-ld: a document of @context and @graph with the context of its version")
def _(c):
    return set(c.document) == {"@context", "@graph"} and \
        f"https://w3id.org/ro/crate/{c.version}/context" in listed(c.document["@context"])


@rule("json-ld: flattened: what is inside of an entity is a reference or a plain value")
def _(c):
    values = [one for e in c.graph for key, v in e.items() if key != "@type" for one in listed(v)]
    return all(set(one) == {"@id"} for one in values if isinstance(one, dict)) and not any(isinstance(v, list) for v in values)


@rule("entities: each has an @id, which no other has, and a @type")
def _(c):
    return len(c.by_id) == len(c.graph) and all(isinstance(e["@id"], str) and types(e) for e in c.graph)


@rule("entities: an @id is a URI reference")
def _(c):
    return all(re.fullmatch(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+", name) for name in c.by_id)


@rule("entities: what is referred to inside is there")
def _(c):
    return all(target in c.by_id or target.startswith(("http://schema.org/", "https://w3id.org/ro/"))
               for e in c.graph for value in e.values() for target in references(value))


@rule("contextual entities: each has a human-readable name", "1.2", "1.3")
def _(c):
    return all(isinstance(e.get("name"), str) and e["name"] for e in c.graph if e is not c.descriptor)


# --- RO-Crate: descriptor and root

@rule("metadata descriptor: a CreativeWork about the root")
def _(c):
    return types(c.descriptor) == {"CreativeWork"} and c.descriptor["about"] == {"@id": "./"}


@rule("metadata descriptor: conforms to its version alone, no profile among it")
def _(c):
    return c.descriptor["conformsTo"] == {"@id": f"https://w3id.org/ro/crate/{c.version}"}


@rule("root: a Dataset with name and description")
def _(c):
    return "Dataset" in types(c.root) and isinstance(c.root["name"], str) and isinstance(c.root["description"], str) \
        and c.root["name"] and c.root["description"]


@rule("root: datePublished is one ISO 8601 date of a day or finer")
def _(c):
    return datetime.datetime.fromisoformat(c.root["datePublished"]) is not None


@rule("root: its license is a contextual entity with name and description")
def _(c):
    (name,) = references(c.root["license"])
    return types(c.by_id[name]) == {"CreativeWork"} and c.by_id[name]["name"] and c.by_id[name]["description"]


@rule("root: its authors are persons or organizations with names")
def _(c):
    authors = references(c.root["author"])
    return authors and all({"Person", "Organization"} & types(c.by_id[a]) and c.by_id[a]["name"] for a in authors)


# --- RO-Crate: data entities

@rule("data entities: every file of the payload is a part of the root, and every part a file")
def _(c):
    return sorted(references(c.root["hasPart"])) == sorted(f for f in c.files if f != "ro-crate-metadata.json")


@rule("data entities: a part is a File with encodingFormat, its size and its digest")
def _(c):
    return all("File" in types(c.by_id[f]) and re.fullmatch(r"\w+/[\w.+-]+", c.by_id[f]["encodingFormat"])
               and (c.by_id[f]["contentSize"], c.by_id[f]["sha256"]) == c.files[f] for f in references(c.root["hasPart"]))


# --- profiles

@rule("profiles: none is declared where no Process Run Crate goes with the version", "1.2")
def _(c):
    return "conformsTo" not in c.root


@rule("process run crate: the root conforms to the profile that goes with the version", "1.1", "1.3")
def _(c):
    return c.profile in references(c.root["conformsTo"])


@rule("process run crate: the profile's entity is a CreativeWork with its version", "1.1", "1.3")
def _(c):
    entity = c.by_id[c.profile]
    return "CreativeWork" in types(entity) and entity["name"] and entity["version"] == c.profile.rsplit("/", 1)[1]


@rule("profiles: the entity of a profile has the type Profile in an array", "1.3")
def _(c):
    return isinstance(c.by_id[c.profile]["@type"], list) and "Profile" in types(c.by_id[c.profile])


@rule("process run crate: the terms of workflow-run are in the context", "1.1", "1.3")
def _(c):
    return "https://w3id.org/ro/terms/workflow-run/context" in listed(c.document["@context"])


# --- Process Run Crate: SoftwareApplication, CreateAction

@rule("software: has a name, and not both version and softwareVersion")
def _(c):
    tools = c.of(["SoftwareApplication"])
    return tools and all(e["name"] and not ("softwareVersion" in e and "version" in e) and
                         ("softwareVersion" in e or "version" in e) for e in tools)


@rule("action: the root mentions each")
def _(c):
    actions = [e["@id"] for e in c.of(ACTIONS)]
    return actions and set(actions) <= set(references(c.root["mentions"]))


@rule("action: has a name, a description and one instrument that is software")
def _(c):
    return all(e["name"] and e["description"] and types(c.by_id[references(e["instrument"])[0]]) & TOOLS
               and len(references(e["instrument"])) == 1 for e in c.of(ACTIONS))


@rule("action: its agent is a person or an organization")
def _(c):
    return all({"Person", "Organization"} & types(c.by_id[a]) for e in c.of(ACTIONS) for a in references(e["agent"]))


@rule("action: objects and results are data entities or values")
def _(c):
    known = {"File", "Dataset", "Collection", "CreativeWork", "PropertyValue"}
    return all(known & types(c.by_id[i]) for e in c.of(ACTIONS) for i in references(e["object"]) + references(e["result"])) \
        and all(references(e["result"]) for e in c.of(["CreateAction"]))


@rule("action: times are ISO 8601, and it does not end before it starts")
def _(c):
    return all(datetime.datetime.fromisoformat(e["startTime"]) <= datetime.datetime.fromisoformat(e["endTime"])
               for e in c.of(ACTIONS) if "endTime" in e)


@rule("action: status is completed or failed, and an error is of a failed one alone")
def _(c):
    status = {"http://schema.org/CompletedActionStatus", "http://schema.org/FailedActionStatus"}
    return all(e["actionStatus"]["@id"] in status and ("error" not in e or "Failed" in e["actionStatus"]["@id"])
               for e in c.of(ACTIONS))


@rule("action: environment and resource usage are values with names")
def _(c):
    return all("PropertyValue" in types(c.by_id[v]) and c.by_id[v]["name"] and c.by_id[v]["value"]
               for e in c.of(ACTIONS) for key in ("environment", "resourceUsage") for v in references(e.get(key)))
