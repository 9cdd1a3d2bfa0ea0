namespace Sluice.Catalog.Identity;

/// <summary>
/// Keys that the rule keeps apart although they are one model, each pair read by a person. A pair is only added when the lab itself says that
/// both are the same weights: a wrong merge costs more than a split.
/// </summary>
public static class ModelAliases
{
    private static readonly Dictionary<string, string> Reviewed = new(StringComparer.Ordinal)
    {
        // Amazon Bedrock names the lab before a dot and only "r1" after it.
        ["r|1"] = "deepseek-r|1",
        // The zero of a first minor version is sometimes written.
        ["claude-opus|4.0"] = "claude-opus|4",
        ["claude-sonnet|4.0"] = "claude-sonnet|4",
        // The lab publishes one set of weights that follow instructions under this name.
        ["instruct-k-kimi|2"] = "k-kimi|2",
    };

    /// <summary>Every pair, from the key that is replaced to the one that counts.</summary>
    public static IReadOnlyDictionary<string, string> All => Reviewed;

    /// <summary>The key that counts.</summary>
    public static string Resolve(string key) => Reviewed.GetValueOrDefault(key, key);
}
