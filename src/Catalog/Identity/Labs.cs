namespace Sluice.Catalog.Identity;

/// <summary>Who trains models, under one name each. Providers, repositories and benchmarks write them differently. Reviewed by hand.</summary>
public static class Labs
{
    /// <summary>What a model's lab is called when no source says it.</summary>
    public const string Unknown = "unknown";

    // The name that counts, then the others.
    private static readonly string[][] Known =
    [
        ["openai"],
        ["anthropic"],
        ["google", "google-deepmind", "google-vertex"],
        ["meta", "meta-llama", "llama", "facebook"],
        ["mistral", "mistralai"],
        ["deepseek", "deepseek-ai"],
        ["alibaba", "qwen", "alibaba-cn", "alibaba-nlp"],
        ["moonshot", "moonshotai", "kimi", "moonshotai-cn"],
        ["zai", "z-ai", "zai-org", "zhipuai", "thudm"],
        ["minimax", "minimaxai", "minimax-cn"],
        ["xai", "x-ai", "xai-org"],
        ["cohere", "coherelabs", "cohereforai"],
        ["nvidia"],
        ["microsoft"],
        ["amazon", "aws"],
        ["ai21", "ai21labs"],
        ["ibm", "ibm-granite"],
        ["tencent", "tencent-hunyuan"],
        ["baidu"],
        ["bytedance", "bytedance-seed", "bytedance_seed"],
        ["stepfun", "stepfun-ai"],
        ["xiaomi", "xiaomimimo"],
        ["perplexity", "perplexity-ai"],
        ["liquid", "liquidai"],
        ["nousresearch", "nous-research"],
        ["allenai", "ai2"],
        ["arcee", "arcee-ai"],
        ["inclusionai"],
        ["meituan", "meituan-longcat"],
        ["upstage"],
        ["writer"],
        ["inception"],
        ["morph"],
        ["relace"],
        ["rekaai", "reka"],
        ["sarvam", "sarvamai"],
        ["sakana"],
        ["poolside"],
        ["lg", "lgai-exaone", "lg-ai-exaone"],
    ];

    private static readonly Dictionary<string, string> ByName =
        Known.SelectMany(names => names.Select(name => (name, names[0]))).ToDictionary(pair => pair.name, pair => pair.Item2, StringComparer.Ordinal);

    // Providers of models.dev that sell their own models and no others': alibaba-cn, for one, sells those of half the country.
    private static readonly HashSet<string> OwnShops = new(StringComparer.Ordinal)
    {
        "openai", "anthropic", "google", "llama", "mistral", "deepseek", "alibaba", "moonshotai", "moonshotai-cn", "zai", "zhipuai",
        "minimax", "minimax-cn", "xai", "cohere", "stepfun", "stepfun-ai", "xiaomi", "perplexity", "upstage", "inception", "morph", "sarvam", "sakana",
        "poolside",
    };

    /// <summary>The one name of a lab; a name that is not known is itself, in lower case.</summary>
    public static string Canonical(string name)
    {
        var lower = name.ToLowerInvariant();
        return ByName.GetValueOrDefault(lower, lower);
    }

    /// <summary>Whether this is some lab's name, or one of its other names.</summary>
    public static bool IsKnown(string name) => ByName.ContainsKey(name.ToLowerInvariant());

    /// <summary>The lab of an id <c>lab/model</c>; null without a slash.</summary>
    /// <param name="id">A provider's own id or a repository.</param>
    /// <param name="onlyKnown">Null also when what stands before the model is no lab that we know: a host, a plan, a way of packing.</param>
    public static string? OfId(string id, bool onlyKnown = false)
    {
        var parts = id.TrimStart('~').Split('/');
        var owner = parts.Length > 1 ? parts[^2][(parts[^2].IndexOf(':', StringComparison.Ordinal) + 1)..] : "";
        return owner.Length == 0 || (onlyKnown && !IsKnown(owner)) ? null : Canonical(owner);
    }

    /// <summary>The lab whose own shop this provider is; null for one that sells others' models.</summary>
    public static string? OfProvider(string provider) => OwnShops.Contains(provider) ? Canonical(provider) : null;
}
