namespace Sluice.Catalog.Sources;

/// <summary>Names of the sources: in the history, in rows and in <c>PRICING_SYNC_PROVIDERS</c>.</summary>
public static class SourceNames
{
    /// <summary>models.dev.</summary>
    public const string ModelsDev = "models.dev";

    /// <summary>OpenRouter.</summary>
    public const string OpenRouter = "openrouter";

    /// <summary>Hugging Face.</summary>
    public const string HuggingFace = "huggingface";

    /// <summary>Artificial Analysis.</summary>
    public const string ArtificialAnalysis = "artificial-analysis";

    /// <summary>Featherless.</summary>
    public const string Featherless = "featherless";

    /// <summary>NEAR AI.</summary>
    public const string NearAi = "nearai";

    /// <summary>Alibaba Cloud.</summary>
    public const string AlibabaCloud = "alibaba-cloud";

    /// <summary>Whether this source is the provider's own word on its prices: it counts more than what others repeat.</summary>
    public static bool IsOwnList(string source, string provider) => source switch
    {
        OpenRouter => provider == "openrouter",
        Featherless => provider == "featherless",
        NearAi => provider == "nearai",
        AlibabaCloud => provider is AlibabaCloudProviders.International or AlibabaCloudProviders.China,
        _ => false,
    };
}

/// <summary>The two shops of Alibaba Cloud as models.dev calls them.</summary>
internal static class AlibabaCloudProviders
{
    public const string International = "alibaba";

    public const string China = "alibaba-cn";
}
