using System.Text.RegularExpressions;

namespace Sluice.Domain.Plans.Compilation;

/// <summary>Reads an environment's <c>providers:</c>, and <c>metrics: { kind: prometheus }</c>, which is one as well.</summary>
internal static partial class ProviderSection
{
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);

    public static IReadOnlyList<ProviderSpec> Read(Fields environment, MetricsSpec? metrics, Faults faults)
    {
        var providers = new List<ProviderSpec>();
        if (metrics is MetricsSpec.Prometheus source)
        {
            providers.Add(new ProviderSpec.Prometheus { Name = "prometheus", Access = source.Access });
        }

        if (environment.Find("providers") is not { } node)
        {
            return providers;
        }

        foreach (var entry in Fields.Of(node, faults).Entries)
        {
            var name = entry.Key.Text;
            if (!NamePattern().IsMatch(name) || name == ThresholdSpec.Counts)
            {
                faults.Add(
                    "bad-name", entry.Key, $"'{name}' cannot be the name of a provider.",
                    name == ThresholdSpec.Counts ? "'counts' are the environment's own" : "1 to 40 lower-case letters, digits, '_' or '-', a letter or digit first");
            }
            else if (providers.Exists(p => p.Name == name))
            {
                faults.Add("duplicate-name", entry.Key, $"'{name}' is the environment's source of metrics already.", "give it another name");
            }

            if (Provider(name, entry.Value, faults) is { } provider)
            {
                providers.Add(provider);
            }
        }

        return providers;
    }

    public static MetricsSpec.Prometheus Counters(Node node, Faults faults)
    {
        var fields = Fields.Of(node, faults, PlanKeys.PrometheusMetrics);
        var label = fields.Text("revisionLabel") ?? "revision";
        if (!LabelPattern().IsMatch(label))
        {
            faults.Add("bad-name", fields.Where("revisionLabel"), $"'{label}' cannot be the name of a label.", "letters, digits and '_', not a digit first");
        }

        return new MetricsSpec.Prometheus(
            Access(fields, faults),
            label,
            Counter(fields, "requests", $"'sum by ({label}) (http_requests_total{{service=\"{{service}}\"}})'", faults),
            Counter(fields, "errors", $"'sum by ({label}) (http_requests_total{{service=\"{{service}}\",code=~\"5..\"}})'", faults),
            fields.Has("latency") ? Counter(fields, "latency", "", faults) : null,
            fields.Duration("delay", TimeSpan.Zero, TimeSpan.FromMinutes(15)) ?? TimeSpan.FromSeconds(30));
    }

    private static ProviderSpec? Provider(string name, Node node, Faults faults)
    {
        if (!EnvironmentSection.HasAdapter(node, "a provider", PlanWords.Providers, PlanWords.ProvidersWithoutAdapter, faults))
        {
            return null;
        }

        var fields = Fields.Of(node, faults, PlanKeys.Provider);
        var access = Access(fields, faults);
        return fields.Text("kind") == "json"
            ? new ProviderSpec.Json { Name = name, Access = access }
            : new ProviderSpec.Prometheus { Name = name, Access = access };
    }

    /// <summary>How a server is reached: URL, headers, credentials, time-out.</summary>
    public static HttpAccess Access(Fields fields, Faults faults)
    {
        var url = fields.Text("url", "\"http://127.0.0.1:9090\"");
        if (url is not null)
        {
            CheckUrl(fields.Where("url"), url, isBase: fields.Text("kind") == "prometheus", faults);
        }

        var literal = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var secret = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (fields.Find("headers") is { } headers)
        {
            foreach (var entry in Fields.Of(headers, faults).Entries)
            {
                Header(entry, literal, secret, faults);
            }
        }

        string? user = null;
        string? password = null;
        if (fields.Find("basic") is { } basic)
        {
            var pair = Fields.Of(basic, faults, PlanKeys.Basic);
            user = pair.Text("user", "sluice");
            password = Secret(pair, "fromSecret", "PROMETHEUS_PASSWORD", faults);
        }

        if (fields.Has("basic") && fields.Has("bearerFromSecret"))
        {
            faults.Add("contradiction", fields.Where("bearerFromSecret"), "A request carries one of 'basic' and 'bearerFromSecret'.");
        }

        return new HttpAccess(url ?? "")
        {
            Headers = literal,
            SecretHeaders = secret,
            BearerSecret = Secret(fields, "bearerFromSecret", null, faults),
            User = user,
            PasswordSecret = password,
            Timeout = fields.Duration("timeout", OneSecond, TimeSpan.FromSeconds(12)) ?? TimeSpan.FromSeconds(10),
        };
    }

    /// <summary>No message repeats one: what is wrong with it may be the secret in it.</summary>
    private static void CheckUrl(Node at, string url, bool isBase, Faults faults)
    {
        if (!Uri.TryCreate(QueryText.FillUrl(url, new QueryArguments("r", "s", "e", "v")), UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https"))
        {
            faults.Add("bad-url", at, "Expected an absolute http or https URL.", "such as http://127.0.0.1:9090");
        }
        else if (parsed.UserInfo.Length > 0)
        {
            faults.Add("literal-secret", at, "The URL holds a user or a password.", "use 'basic: { user: NAME, fromSecret: NAME }'");
        }
        else if (isBase && parsed.Query.Length + parsed.Fragment.Length > 0)
        {
            faults.Add("bad-url", at, "Expected what comes before /api/v1, found a URL with '?' or '#'.");
        }
    }

    private static void Header(Node.Entry entry, Dictionary<string, string> literal, Dictionary<string, string> secret, Faults faults)
    {
        var name = entry.Key.Text;
        if (!HeaderPattern().IsMatch(name))
        {
            faults.Add("bad-name", entry.Key, $"'{name}' cannot be the name of a header.");
        }

        if (entry.Value is Node.Mapping)
        {
            secret[name] = Secret(Fields.Of(entry.Value, faults, PlanKeys.SecretHeader), "fromSecret", "API_TOKEN", faults) ?? "";
        }
        else if (entry.Value is Node.Scalar { IsNull: false } scalar && !name.Contains("authorization", StringComparison.OrdinalIgnoreCase))
        {
            literal[name] = scalar.Text;
        }
        else
        {
            faults.Add("literal-secret", entry.Value, $"{name} is a secret: its value must not be in a plan.", $"{name}: {{ fromSecret: NAME }}");
        }
    }

    private static string? Secret(Fields fields, string key, string? example, Faults faults)
    {
        var name = example is null ? fields.Text(key) : fields.Text(key, example);
        if (name is not null && !SecretPattern().IsMatch(name))
        {
            faults.Add("bad-name", fields.Where(key), "Expected the name of a secret, not its value.");
        }

        return name;
    }

    private static string Counter(Fields fields, string key, string example, Faults faults)
    {
        if ((example.Length > 0 ? fields.Text(key, example) : fields.Text(key)) is not { } query)
        {
            return "";
        }

        var at = fields.Where(key);
        if (RatePattern().Match(query) is { Success: true } rate)
        {
            faults.Add(
                "not-a-counter", at, $"'{rate.Value.TrimEnd('(', ' ')}' makes a rate, and the comparison needs the raw counter: windows overlap and count one bad minute several times.",
                "sum the counter itself");
        }

        foreach (var (name, _) in QueryText.Arguments(query).Where(a => a.Name is not ("service" or "environment")))
        {
            faults.Add(
                "unknown-placeholder", at, $"'{{{name}}}' is not replaced here: the query returns a series for each revision.",
                "only {service} and {environment} are");
        }

        if (QueryText.CheckPromQl(query) is var (_, fault, suggestion))
        {
            faults.Add("bad-query", at, fault, suggestion);
        }

        return query;
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9_-]{0,39}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();

    [GeneratedRegex("^[a-zA-Z_][a-zA-Z0-9_]{0,127}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex LabelPattern();

    [GeneratedRegex("^[A-Za-z0-9-]{1,100}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex HeaderPattern();

    [GeneratedRegex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex SecretPattern();

    [GeneratedRegex(@"\b(rate|irate|increase|delta|idelta|deriv)\s*\(", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex RatePattern();
}
