using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Sluice.Domain.Plans.Compilation;

/// <summary>An environment as far as it could be read; a part is null where a fault was reported.</summary>
internal sealed record EnvironmentDraft(
    string Name, int Order, Fields Fields, PlatformSpec? Platform, RouterSpec? Router, MetricsSpec? Metrics, IReadOnlyList<VariableSpec>? Variables)
{
    /// <summary>Declared traffic, requests a second; null when not declared.</summary>
    public double? RequestsPerSecond { get; init; }

    /// <summary>Whether a failed verdict rolls back by itself.</summary>
    public bool AutoRollback { get; init; } = true;

    /// <summary>From moving traffic back to looking whether the old version bears it.</summary>
    public TimeSpan VerifyRollbackAfter { get; init; }

    /// <summary>Whether the traffic can be split; unknown counts as yes, since that fault is reported already.</summary>
    public bool Splits => Router is not RouterSpec.None;

    /// <summary>Whether there are numbers; unknown counts as yes.</summary>
    public bool Measures => Metrics is not MetricsSpec.None;

    /// <summary>The servers that answer the plan's own queries here.</summary>
    public IReadOnlyList<ProviderSpec> Providers { get; init; } = [];

    /// <summary>Whether a metric of the plan's own can be had here.</summary>
    public bool Answers(ThresholdSpec threshold) =>
        threshold.Provider == ThresholdSpec.Counts ? Measures : Providers.Any(p => p.Name == threshold.Provider);

    /// <summary>The finished part; null when a part could not be read.</summary>
    public EnvironmentSpec? Spec => Platform is null || Router is null || Metrics is null || Variables is null
        ? null
        : new EnvironmentSpec(Name, Platform, Router, Metrics, Variables)
        {
            Providers = Providers,
            AutoRollback = AutoRollback,
            VerifyRollbackAfter = VerifyRollbackAfter,
            RequestsPerSecond = RequestsPerSecond,
        };
}

/// <summary>Reads <c>environments:</c>.</summary>
internal static partial class EnvironmentSection
{
    public static IReadOnlyList<EnvironmentDraft> Read(Fields plan, BundleFiles files, Faults faults)
    {
        if (plan.Find("environments", "{ production: { ... } }") is not { } node)
        {
            return [];
        }

        var drafts = new List<EnvironmentDraft>();
        var fields = Fields.Of(node, faults);
        if (node is Node.Mapping { Entries.Count: 0 })
        {
            faults.Add("empty-list", node, "Expected at least one environment.");
        }

        foreach (var entry in fields.Entries)
        {
            drafts.Add(Environment(entry, drafts.Count, files, faults));
        }

        CheckListeners(drafts, faults);
        return drafts;
    }

    private static EnvironmentDraft Environment(Node.Entry entry, int order, BundleFiles files, Faults faults)
    {
        var name = entry.Key.Text;
        if (!NamePattern().IsMatch(name))
        {
            faults.Add(
                "bad-name", entry.Key, $"'{name}' cannot be the name of an environment.",
                "1 to 40 lower-case letters, digits, '_' or '-', a letter or digit first");
        }

        var fields = Fields.Of(entry.Value, faults, PlanKeys.Environment);
        var platform = fields.Find("platform", "{ kind: process, command: [...] }") is { } p ? Platform(p, faults) : null;
        var router = fields.Find("router") is { } r ? Router(r, faults) : new RouterSpec.None();
        var metrics = fields.Find("metrics") is { } m
            ? Metrics(m, router, faults)
            : router is RouterSpec.None ? new MetricsSpec.None() : new MetricsSpec.Gateway();
        IReadOnlyList<VariableSpec>? variables = [];
        if (fields.Has("variables"))
        {
            var path = fields.Text("variables");
            variables = path is null ? null : files.Variables(path, fields.Where("variables"), faults);
        }

        if (platform is PlatformSpec.Process { PortVariable: var port } && variables?.Any(v => v.Name == port) == true)
        {
            faults.Add(
                "contradiction", fields.Where("variables"),
                $"{port} is set by the platform (portVariable) and declared as a variable as well.", $"remove {port} from the file");
        }

        return new EnvironmentDraft(name, order, fields, platform, router, metrics, variables)
        {
            Providers = ProviderSection.Read(fields, metrics, faults),
            RequestsPerSecond = Rate(fields, faults),
            AutoRollback = fields.Boolean("autoRollback") ?? true,
            VerifyRollbackAfter = fields.Duration("verifyRollbackAfter", TimeSpan.Zero, TimeSpan.FromMinutes(1)) ?? TimeSpan.FromSeconds(30),
        };
    }

    /// <summary><c>traffic: 100rps</c> or <c>traffic: 300rpm</c>, as requests a second.</summary>
    private static double? Rate(Fields fields, Faults faults)
    {
        if (fields.Text("traffic") is not { } text)
        {
            return null;
        }

        var perSecond = text.EndsWith("rps", StringComparison.Ordinal) ? 1.0 : text.EndsWith("rpm", StringComparison.Ordinal) ? 60 : 0;
        if (perSecond > 0 && double.TryParse(text.AsSpan(0, text.Length - 3).TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate) && rate > 0)
        {
            return rate / perSecond;
        }

        faults.Add("bad-number", fields.Where("traffic"), $"Expected a rate of requests, found '{text}'.", "such as 100rps or 300rpm");
        return null;
    }

    private static PlatformSpec.Process? Platform(Node node, Faults faults)
    {
        if (!HasAdapter(node, "a platform", PlanWords.Platforms, PlanWords.PlatformsWithoutAdapter, faults))
        {
            return null;
        }

        var fields = Fields.Of(node, faults, PlanKeys.ProcessPlatform);
        var command = fields.Texts("command", "[dotnet, \"releases/{version}/Service.dll\"]");
        foreach (var part in command)
        {
            foreach (var name in PlaceholderPattern().Matches(part).Select(m => m.Value).Where(m => m is not ("{version}" or "{commit}")))
            {
                faults.Add("unknown-placeholder", fields.Where("command"), $"'{name}' is not replaced.", "only {version} and {commit} are");
            }
        }

        var portVariable = fields.Text("portVariable") ?? "PORT";
        if (!VariablePattern().IsMatch(portVariable))
        {
            faults.Add("bad-name", fields.Where("portVariable"), $"'{portVariable}' cannot be the name of an environment variable.");
        }

        return new PlatformSpec.Process(
            command,
            fields.Text("directory") ?? ".",
            portVariable,
            Path(fields, "health", faults) ?? "/health",
            fields.Duration("readyWithin", TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)) ?? TimeSpan.FromMinutes(1),
            fields.Integer("replicas", 1, 50) ?? 1,
            fields.Duration("stopWithin", TimeSpan.Zero, TimeSpan.FromHours(1)) ?? TimeSpan.FromSeconds(30));
    }

    private static RouterSpec? Router(Node node, Faults faults)
    {
        if (!HasAdapter(node, "a router", PlanWords.Routers, PlanWords.RoutersWithoutAdapter, faults))
        {
            return null;
        }

        if (Kind(node) == "none")
        {
            Fields.Of(node, faults, PlanKeys.NoRouter);
            return new RouterSpec.None();
        }

        var fields = Fields.Of(node, faults, PlanKeys.GatewayRouter);
        var listen = fields.Text("listen", "\"127.0.0.1:8080\"");
        if (listen is not null && Address(listen) is null)
        {
            faults.Add("bad-address", fields.Where("listen"), $"Expected an IP address and a port from 1 to 65535, found '{listen}'.", "such as 127.0.0.1:8080");
            listen = null;
        }

        var proxies = fields.Texts("trustedProxies");
        foreach (var proxy in proxies.Where(t => !IPAddress.TryParse(t, out _) && !IPNetwork.TryParse(t, out _)))
        {
            faults.Add("bad-address", fields.Where("trustedProxies"), $"'{proxy}' is neither an address nor a network.", "such as 10.0.0.0/8");
        }

        var client = Pattern(fields, "client", ClientPattern(), "header:NAME or cookie:NAME", faults);
        var sticky = Pattern(fields, "sticky", StickyPattern(), "cookie, cookie:NAME or header:NAME", faults);
        return new RouterSpec.Gateway(listen ?? "", client, sticky, proxies);
    }

    private static MetricsSpec? Metrics(Node node, RouterSpec? router, Faults faults)
    {
        if (!HasAdapter(node, "a source of metrics", PlanWords.MetricSources, PlanWords.MetricSourcesWithoutAdapter, faults))
        {
            return null;
        }

        if (Kind(node) == "prometheus")
        {
            return ProviderSection.Counters(node, faults);
        }

        Fields.Of(node, faults, PlanKeys.Metrics);
        if (Kind(node) == "none")
        {
            return new MetricsSpec.None();
        }

        if (router is RouterSpec.None)
        {
            faults.Add("contradiction", node, "Metrics of the gateway need the gateway as router.", "add 'router: { kind: gateway, listen: ... }'");
        }

        return new MetricsSpec.Gateway();
    }

    private static string? Kind(Node node) => (node as Node.Mapping)?.Find("kind") is Node.Scalar { Text: var kind } ? kind : null;

    internal static bool HasAdapter(Node node, string what, string[] known, string[] withoutAdapter, Faults faults)
    {
        if (node is not Node.Mapping)
        {
            faults.Add("wrong-type", node, $"Expected a mapping with 'kind', found {faults.Show(node)}.", $"{{ kind: {known[0]} }}");
            return false;
        }

        var fields = Fields.Of(node, faults);
        if (fields.Text("kind", known[0]) is not { } kind)
        {
            return false;
        }

        if (known.Contains(kind))
        {
            return true;
        }

        if (withoutAdapter.Contains(kind))
        {
            faults.Add("no-adapter", fields.Where("kind"), $"There is no adapter for '{kind}' in this build.", $"known: {string.Join(", ", known)}");
        }
        else
        {
            faults.Add("unknown-kind", fields.Where("kind"), $"'{kind}' is not {what}.", Spelling.Suggest(kind, [.. known, .. withoutAdapter]));
        }

        return false;
    }

    private static string? Path(Fields fields, string key, Faults faults)
    {
        if (fields.Text(key) is not { } path)
        {
            return null;
        }

        if (path[0] != '/' || path.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
        {
            faults.Add("bad-path", fields.Where(key), $"Expected an absolute path such as /health, found '{path}'.");
        }

        return path;
    }

    private static string? Pattern(Fields fields, string key, Regex pattern, string expected, Faults faults)
    {
        if (fields.Text(key) is not { } text)
        {
            return null;
        }

        if (pattern.IsMatch(text))
        {
            return text;
        }

        faults.Add("unknown-value", fields.Where(key), $"Expected {expected}, found '{text}'.");
        return null;
    }

    private static void CheckListeners(List<EnvironmentDraft> drafts, Faults faults)
    {
        var seen = new List<(EnvironmentDraft Draft, IPEndPoint At)>();
        foreach (var draft in drafts)
        {
            if (draft.Router is not RouterSpec.Gateway { Listen: var listen } || Address(listen) is not { } address)
            {
                continue;
            }

            var other = seen.Find(s => s.At.Port == address.Port && (s.At.Address.Equals(address.Address) || IsAny(s.At) || IsAny(address)));
            if (other.Draft is not null)
            {
                faults.Add(
                    "contradiction", Listen(draft), $"'{draft.Name}' listens on {listen}, which is taken by '{other.Draft.Name}'.",
                    "give each environment a port of its own");
            }

            seen.Add((draft, address));
        }

        static bool IsAny(IPEndPoint at) => at.Address.Equals(IPAddress.Any) || at.Address.Equals(IPAddress.IPv6Any);
        static Node Listen(EnvironmentDraft draft) => (draft.Fields.Where("router") as Node.Mapping)?.Find("listen") ?? draft.Fields.At;
    }

    private static IPEndPoint? Address(string text) =>
        text.LastIndexOf(':') is > 0 and var colon && (!text[..colon].Contains(':') || text[0] == '[')
        && IPEndPoint.TryParse(text, out var address) && address.Port > 0 && !text.EndsWith(']')
            ? address
            : null;

    [GeneratedRegex("^[a-z0-9][a-z0-9_-]{0,39}$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]{0,127}$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex VariablePattern();

    // Braces around quotes are JSON in an argument, not a placeholder.
    [GeneratedRegex("""\{[^{}"']*\}""", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex PlaceholderPattern();

    [GeneratedRegex("^(header|cookie):[A-Za-z0-9_-]{1,100}$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex ClientPattern();

    [GeneratedRegex("^(cookie|(header|cookie):[A-Za-z0-9_-]{1,100})$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex StickyPattern();
}
