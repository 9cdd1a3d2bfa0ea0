namespace Sluice.Catalog.Sources;

/// <summary>Makes the sources with the keys of the environment.</summary>
public static class SourceFactory
{
    /// <summary>
    /// The source of this name. Keys: <c>OPENROUTER_API_KEY</c>, <c>HUGGINGFACE_TOKEN</c>, <c>FEATHERLESS_API_KEY</c> (none is needed) and
    /// <c>ARTIFICIAL_ANALYSIS_API_KEY</c> (is); <c>ALIBABA_PRICE_FILE</c>.
    /// </summary>
    /// <param name="name">One of <see cref="SourceNames"/>.</param>
    /// <param name="variable">The value of a name; null or empty when it is not set.</param>
    /// <exception cref="ArgumentException">No source has this name.</exception>
    public static ISource Create(string name, Func<string, string?> variable)
    {
        return name switch
        {
            SourceNames.ModelsDev => new ModelsDev(),
            SourceNames.OpenRouter => new OpenRouter(key: Value("OPENROUTER_API_KEY")),
            SourceNames.HuggingFace => new HuggingFace(token: Value("HUGGINGFACE_TOKEN")),
            SourceNames.ArtificialAnalysis => new ArtificialAnalysis(key: Value("ARTIFICIAL_ANALYSIS_API_KEY")),
            SourceNames.Featherless => new Featherless(key: Value("FEATHERLESS_API_KEY")),
            SourceNames.NearAi => new NearAi(),
            SourceNames.AlibabaCloud => new AlibabaCloud(Value("ALIBABA_PRICE_FILE")),
            _ => throw new ArgumentException($"There is no source {name}."),
        };

        string? Value(string key) => variable(key) is { Length: > 0 } value ? value : null;
    }
}
