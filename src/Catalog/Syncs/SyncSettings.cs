using System.Globalization;
using Sluice.Catalog.Cache;
using Sluice.Catalog.Sources;

namespace Sluice.Catalog.Syncs;

/// <summary>What is synced and how often. Read anew each time somebody asks what is due, so that a change counts without a restart.</summary>
/// <param name="ModelInterval">How often models are synced, counted from midnight UTC; null for only by hand.</param>
/// <param name="ModelSources">Of which sources.</param>
/// <param name="PricingInterval">How often prices are; null for only by hand.</param>
/// <param name="PricingProviders">Of which providers.</param>
public sealed record SyncSettings(
    TimeSpan? ModelInterval, IReadOnlyList<string> ModelSources, TimeSpan? PricingInterval, IReadOnlyList<string> PricingProviders)
{
    /// <summary>Which Redis is told of new rows; null for none. Taken at the start of a host, unlike the rest.</summary>
    public RedisAddress? Redis { get; init; }

    private const int MostHours = 7 * 24;
    private static readonly string[] AllModelSources =
        [SourceNames.ModelsDev, SourceNames.OpenRouter, SourceNames.HuggingFace, SourceNames.ArtificialAnalysis];

    private static readonly string[] AllProviders =
        [SourceNames.OpenRouter, SourceNames.Featherless, SourceNames.NearAi, SourceNames.AlibabaCloud];

    /// <summary>Every variable that syncs read, those of the sources among them.</summary>
    public static IReadOnlyList<string> Variables { get; } =
    [
        "MODEL_SYNC_INTERVAL_HOURS", "MODEL_SYNC_SOURCES", "PRICING_SYNC_ENABLED", "PRICING_SYNC_INTERVAL_HOURS", "PRICING_SYNC_PROVIDERS",
        .. SourceFactory.Variables, .. RedisAddress.Variables,
    ];

    /// <summary>
    /// Reads <c>MODEL_SYNC_INTERVAL_HOURS</c> (none: only by hand), <c>MODEL_SYNC_SOURCES</c> (all four), <c>PRICING_SYNC_ENABLED</c> (false),
    /// <c>PRICING_SYNC_INTERVAL_HOURS</c> (6) and <c>PRICING_SYNC_PROVIDERS</c> (all four), lists parted by commas.
    /// </summary>
    /// <param name="variable">The value of a name; null or empty when it is not set.</param>
    /// <exception cref="FormatException">Every fault, one a line.</exception>
    public static SyncSettings Read(Func<string, string?> variable)
    {
        List<string> faults = [];
        var settings = Read(variable, faults);
        return faults.Count == 0 ? settings : throw new FormatException(string.Join(Environment.NewLine, faults));
    }

    /// <summary>Reads the same beside other settings.</summary>
    /// <param name="variable">The value of a name; null or empty when it is not set.</param>
    /// <param name="faults">Gains every fault, a sentence each; what is returned then has the defaults in their place.</param>
    public static SyncSettings Read(Func<string, string?> variable, ICollection<string> faults)
    {
        SourceFactory.Check(variable, faults);
        var redisFaults = new List<(string Name, string Expected)>();
        var redis = RedisAddress.Read(variable, redisFaults);
        foreach (var (name, expected) in redisFaults)
        {
            faults.Add($"{name} must be {expected}.");
        }

        var enabled = variable("PRICING_SYNC_ENABLED") switch
        {
            null or "" => false,
            var text when bool.TryParse(text, out var flag) => flag,
            var other => Fault("PRICING_SYNC_ENABLED", "true or false", other, false),
        };
        var pricing = Hours("PRICING_SYNC_INTERVAL_HOURS") ?? TimeSpan.FromHours(6);
        return new SyncSettings(
            Hours("MODEL_SYNC_INTERVAL_HOURS"),
            Names("MODEL_SYNC_SOURCES", AllModelSources),
            enabled ? pricing : null,
            Names("PRICING_SYNC_PROVIDERS", AllProviders))
        {
            Redis = redis,
        };

        TimeSpan? Hours(string name) => variable(name) switch
        {
            null or "" => null,
            var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var hours) && hours is > 0 and <= MostHours =>
                TimeSpan.FromHours(hours),
            var other => Fault<TimeSpan?>(name, $"whole hours from 1 to {MostHours}", other, null),
        };

        IReadOnlyList<string> Names(string name, string[] known)
        {
            if (variable(name) is not { Length: > 0 } text)
            {
                return known;
            }

            var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct().ToList();
            return names.Count > 0 && names.All(known.Contains) ? names : Fault(name, $"some of {string.Join(", ", known)}", text, known);
        }

        T Fault<T>(string name, string expected, string found, T value)
        {
            faults.Add($"{name} must be {expected}, not \"{found}\".");
            return value;
        }
    }

    /// <summary>How often a kind is synced; null for only by hand.</summary>
    public TimeSpan? IntervalOf(string kind) => kind == SyncKinds.Models ? ModelInterval : PricingInterval;

    /// <summary>Of which sources.</summary>
    public IReadOnlyList<string> SourcesOf(string kind) => kind == SyncKinds.Models ? ModelSources : PricingProviders;
}
