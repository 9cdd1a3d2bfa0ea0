namespace Sluice.Catalog.Sources;

/// <summary>Makes the sources with the keys of the environment.</summary>
public static class SourceFactory
{
    private static readonly Dictionary<string, string> Addresses = new()
    {
        [SourceNames.ModelsDev] = "MODELS_DEV_URL",
        [SourceNames.OpenRouter] = "OPENROUTER_URL",
        [SourceNames.HuggingFace] = "HUGGINGFACE_URL",
        [SourceNames.ArtificialAnalysis] = "ARTIFICIAL_ANALYSIS_URL",
        [SourceNames.Featherless] = "FEATHERLESS_URL",
        [SourceNames.NearAi] = "NEARAI_URL",
    };

    /// <summary>Every variable that sources are made from.</summary>
    public static IReadOnlyList<string> Variables { get; } =
    [
        .. Addresses.Values, "OPENROUTER_API_KEY", "HUGGINGFACE_TOKEN", "FEATHERLESS_API_KEY", "ARTIFICIAL_ANALYSIS_API_KEY", "ALIBABA_PRICE_FILE",
    ];

    /// <summary>
    /// The source of this name. Keys: <c>OPENROUTER_API_KEY</c>, <c>HUGGINGFACE_TOKEN</c>, <c>FEATHERLESS_API_KEY</c> (none is needed) and
    /// <c>ARTIFICIAL_ANALYSIS_API_KEY</c> (is); <c>ALIBABA_PRICE_FILE</c>; other addresses of the lists, such as mirrors: <c>MODELS_DEV_URL</c> and
    /// so on.
    /// </summary>
    /// <param name="name">One of <see cref="SourceNames"/>.</param>
    /// <param name="variable">The value of a name; null or empty when it is not set.</param>
    /// <exception cref="ArgumentException">No source has this name.</exception>
    public static ISource Create(string name, Func<string, string?> variable)
    {
        var url = Addresses.TryGetValue(name, out var address) && Value(address) is { } text ? new Uri(text) : null;
        return name switch
        {
            SourceNames.ModelsDev => new ModelsDev(url),
            SourceNames.OpenRouter => new OpenRouter(url, key: Value("OPENROUTER_API_KEY")),
            SourceNames.HuggingFace => new HuggingFace(url, token: Value("HUGGINGFACE_TOKEN")),
            SourceNames.ArtificialAnalysis => new ArtificialAnalysis(url, key: Value("ARTIFICIAL_ANALYSIS_API_KEY")),
            SourceNames.Featherless => new Featherless(url, key: Value("FEATHERLESS_API_KEY")),
            SourceNames.NearAi => new NearAi(url),
            SourceNames.AlibabaCloud => new AlibabaCloud(Value("ALIBABA_PRICE_FILE")),
            _ => throw new ArgumentException($"There is no source {name}."),
        };

        string? Value(string key) => variable(key) is { Length: > 0 } value ? value : null;
    }

    /// <summary>Says which addresses cannot be used.</summary>
    /// <param name="variable">The value of a name; null or empty when it is not set.</param>
    /// <param name="faults">Gains a sentence for each.</param>
    internal static void Check(Func<string, string?> variable, ICollection<string> faults)
    {
        foreach (var name in Addresses.Values)
        {
            // A key goes with the request, so only this machine is spoken to in clear text.
            if (variable(name) is { Length: > 0 } text
                && !(Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))))
            {
                faults.Add($"{name} must be an https:// address, or an http:// one of this machine, not \"{text}\".");
            }
        }
    }
}
