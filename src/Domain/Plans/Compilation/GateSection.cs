using Sluice.Domain.Checklists;

namespace Sluice.Domain.Plans.Compilation;

/// <summary>Reads the steps that wait for people: <c>approval</c>, <c>checklist</c>, <c>signOff</c>.</summary>
internal static class GateSection
{
    // A status holds every item, and has 4,000 characters.
    private const int MostItems = 30;
    private const int LongestName = 60;
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(90);
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromHours(72);
    private static readonly string[] MetricOnly = ["limit", "minRequests"];
    private static readonly string[] Kinds = ["by", "smoke", "metric", "condition"];

    public static Step.Approval Approval(Fields fields, Faults faults)
    {
        var approvers = People(fields, "approvers", "[release-managers]", faults);
        return new Step.Approval(
            approvers,
            fields.Integer("required", 1, 20) ?? 1,
            fields.Duration("timeout", OneSecond, LongestWait) ?? DefaultTimeout,
            fields.Word("onTimeout", PlanWords.TimeoutActions) ?? TimeoutAction.Rollback);
    }

    public static Step.Checklist Checklist(Fields fields, EnvironmentDraft? environment, BundleFiles files, Faults faults)
    {
        var items = new List<ChecklistItem>();
        foreach (var node in fields.Items("items", "[{ name: backups verified, by: [ana] }]"))
        {
            if (Item(node, environment, files, faults) is not { } item)
            {
                continue;
            }

            if (items.Exists(i => i.Name == item.Name))
            {
                faults.Add("duplicate-name", node, $"'{item.Name}' is on the list twice; it is ticked by its name.");
            }

            items.Add(item);
        }

        if (items.Count > MostItems)
        {
            faults.Add("out-of-range", fields.Where("items"), $"A checklist has at most {MostItems} items, found {items.Count}.", "make two checklists of it");
        }

        return new Step.Checklist(
            Name(fields, "pre-deployment", faults),
            items,
            fields.Duration("timeout", OneSecond, LongestWait) ?? DefaultTimeout,
            fields.Word("onTimeout", PlanWords.TimeoutActions) ?? TimeoutAction.Rollback);
    }

    public static Step.SignOff SignOff(Fields fields, bool promoted, Faults faults)
    {
        var since = fields.Word("since", PlanWords.SignOffMoments) ?? (promoted ? SignOffMoment.Promoted : SignOffMoment.Started);
        if (since == SignOffMoment.Promoted && !promoted)
        {
            faults.Add(
                "contradiction", fields.Where("since"), "The sign-off counts from the moment of all traffic, and no step above it gives all.",
                "write 'since: started', or move it below 'setWeight: 100'");
        }

        return new Step.SignOff(
            Name(fields, "day 1", faults),
            People(fields, "by", "[release-managers]", faults),
            fields.Integer("required", 1, 20) ?? 1,
            since,
            fields.Duration("after", TimeSpan.Zero, LongestWait, "24h") ?? TimeSpan.Zero,
            fields.Duration("within", OneSecond, LongestWait) ?? TimeSpan.FromHours(24));
    }

    private static ChecklistItem? Item(Node node, EnvironmentDraft? environment, BundleFiles files, Faults faults)
    {
        var fields = Fields.Of(node, faults, PlanKeys.ChecklistItem);
        var name = Name(fields, "backups verified", faults);
        var kinds = Kinds.Where(fields.Has).ToList();
        if (kinds.Count != 1)
        {
            faults.Add(
                kinds.Count == 0 ? "missing-key" : "contradiction", node,
                kinds.Count == 0 ? $"Nothing says when '{name}' is done." : $"'{name}' has {string.Join(" and ", kinds)}; it is done in one way only.",
                "one of 'by: [ana]', 'smoke: smoke.yaml', 'metric: errors' with 'limit', 'condition: ci'");
            return null;
        }

        if (kinds[0] is "smoke" or "metric" && environment is null)
        {
            faults.Add("no-environment", node, $"'{name}' is checked somewhere, and the checklist says no environment.", "add 'environment: NAME' to the checklist");
        }

        foreach (var key in MetricOnly.Where(k => kinds[0] != "metric" && fields.Has(k)))
        {
            faults.Add("contradiction", fields.Where(key), $"'{key}' belongs to a metric, and '{name}' has none.", "add 'metric: errors'");
        }

        return kinds[0] switch
        {
            "by" => new ChecklistItem.Person(name, People(fields, "by", "[ana]", faults)),
            "smoke" => fields.Text("smoke") is { } path && files.Suite(path, fields.Where("smoke"), faults) is { } suite
                ? new ChecklistItem.Smoke(name, suite)
                : null,
            "metric" => Metric(name, fields, environment, faults),
            _ => new ChecklistItem.Condition(name, fields.Text("condition") ?? ""),
        };
    }

    private static ChecklistItem.Metric? Metric(string name, Fields fields, EnvironmentDraft? environment, Faults faults)
    {
        if (environment is { Measures: false })
        {
            faults.Add(
                "contradiction", fields.Where("metric"), $"'{environment.Name}' has no metrics.", "add 'router: { kind: gateway, listen: ... }' to the environment");
        }

        if (fields.Word("metric", PlanWords.Metrics) is not { } metric)
        {
            return null;
        }

        var limit = metric == MetricName.Errors
            ? fields.Number("limit", 0, 1, "0.01")
            : fields.Duration("limit", TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1), "500ms")?.TotalSeconds;
        return new ChecklistItem.Metric(name, metric, limit ?? 0, fields.Integer("minRequests", 1, 1_000_000) ?? 50);
    }

    private static string Name(Fields fields, string example, Faults faults)
    {
        var name = fields.Text("name", example) ?? "";
        if (name.Length > LongestName)
        {
            faults.Add("too-long", fields.Where("name"), $"A name has at most {LongestName} characters, found {name.Length}.");
        }

        return name;
    }

    private static IReadOnlyList<string> People(Fields fields, string key, string example, Faults faults)
    {
        var people = fields.Texts(key, example);
        if (people.Distinct().Count() < people.Count)
        {
            faults.Add("duplicate-name", fields.Where(key), "Somebody is named twice; each counts once.");
        }

        return [.. people.Distinct()];
    }
}
