using System.Text.RegularExpressions;

namespace Sluice.Catalog.Identity;

/// <summary>
/// Which model an id means, whoever sells it: a pure rule of nine steps, ID-1 to ID-9. It rather keeps two ids of one model apart than
/// merges two models; the pairs that it misses are in <see cref="ModelAliases"/>.
/// </summary>
/// <param name="Key">Sorted words, a bar, then the numbers in order, such as <c>claude-haiku|4.5</c>.</param>
/// <param name="Variant">What is special about the offer, such as <c>free</c>, <c>batch</c> or <c>thinking:low</c>.</param>
/// <param name="Version">A full date in the id: a snapshot of the model.</param>
public readonly partial record struct ModelIdentity(string Key, string? Variant, string? Version)
{
    // Not names of models but of whatever a provider picks.
    private static readonly HashSet<string> Generic = new(StringComparer.Ordinal)
    {
        "auto", "auto-beta", "default", "free", "router", "latest", "fusion", "bodybuilder", "code-pareto",
    };

    /// <summary>Applies the rule.</summary>
    /// <param name="id">The provider's own id, or a name with its spaces.</param>
    /// <param name="provider">Stands in front of keys that only mean something there.</param>
    public static ModelIdentity Of(string id, string provider)
    {
        // ID-1: one way of writing.
        var text = UnicodeForms.Compatible(id).Trim().ToLowerInvariant();
        text = text.StartsWith('~') ? text[1..] : text;
        text = text.EndsWith('/') ? text[..^1] : text;

        // ID-2: who hosts or trained it is not the model.
        text = text[(text.LastIndexOf('/') + 1)..];

        // ID-3: the clouds' ways of naming a snapshot.
        string? version = null;
        if (text.IndexOf('@', StringComparison.Ordinal) is var at and > 0)
        {
            version = FullDate(text[(at + 1)..]);
            text = text[..at];
        }

        text = BedrockRevision().Replace(text, "");

        // ID-4: behind a colon is a size, or what is special about the offer.
        string? variant = null;
        if (text.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0)
        {
            var rest = text[(colon + 1)..];
            if (Size().IsMatch(rest))
            {
                text = $"{text[..colon]}-{rest}";
            }
            else
            {
                variant = rest.Length == 0 ? null : rest;
                text = text[..colon];
            }
        }

        // ID-5: a region and a vendor in front.
        text = Region().Replace(text, "");
        text = Vendor().Replace(text, "");

        // ID-6: 1.7b is one word, 3.1 are two numbers.
        text = DecimalSize().Replace(text, "${whole}p${part}${unit}");
        text = Separators().Replace(text, "-").Trim('-');

        // ID-7: how it is packed, and which day's snapshot it is, one after another.
        while (true)
        {
            var packed = Packing().Match(text);
            if (packed.Success)
            {
                text = text[..packed.Index];
            }

            var dated = Dated().Match(text);
            if (dated.Success)
            {
                version ??= dated.Groups["date"].Value.Replace("-", "", StringComparison.Ordinal);
                text = text[..dated.Index];
            }

            if (!packed.Success && !dated.Success)
            {
                break;
            }
        }

        // ID-8: words in any order, numbers in theirs.
        text = Punctuation().Replace(text, "");
        text = Gpt35().Replace(text, "gpt-3-5");
        text = LetterBeforeDigit().Replace(text, "${letter}-");
        var tokens = text.Split('-', StringSplitOptions.RemoveEmptyEntries);
        var words = string.Join('-', tokens.Where(token => !IsNumber(token)).Select(word => word == "it" ? "instruct" : word).Order(StringComparer.Ordinal));
        var key = $"{words}|{string.Join('.', tokens.Where(IsNumber))}";

        // ID-9: what only means something at its provider.
        return new ModelIdentity(Generic.Contains(words) ? $"{provider}/{key}" : key, variant, version);
    }

    private static bool IsNumber(string token) => token.All(char.IsAsciiDigit);

    private static string? FullDate(string text) =>
        Dated().Match($"-{text}") is { Success: true, Index: 0 } date ? date.Groups["date"].Value.Replace("-", "", StringComparison.Ordinal) : null;

    [GeneratedRegex(@"-v\d+:\d+$", RegexOptions.None, 1000)]
    private static partial Regex BedrockRevision();

    [GeneratedRegex(@"^\d+(\.\d+)?[bm](-|$)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Size();

    [GeneratedRegex(@"^(us-gov|us|eu|apac|ap|jp|au|ca|sa|global)\.", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Region();

    [GeneratedRegex(
        @"^(anthropic|amazon|meta|mistral|cohere|deepseek|qwen|openai|google|nvidia|minimax|moonshot|moonshotai|zai|ai21|stability|twelvelabs|writer|xai|perplexity)\.(?=[a-z])",
        RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex Vendor();

    [GeneratedRegex(@"(?<![\d.])(?<whole>\d+)\.(?<part>\d+)(?<unit>[bmt])(?=$|[-_ .])", RegexOptions.None, 1000)]
    private static partial Regex DecimalSize();

    [GeneratedRegex("[-._ ]+", RegexOptions.None, 1000)]
    private static partial Regex Separators();

    [GeneratedRegex("-(fp8|fp4|nvfp4|mxfp4|bf16|int4|int8|awq|gptq|gguf|tee|maas|free|batch|original)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Packing();

    // Four digits stay: 0528 and 2507 are other weights.
    [GeneratedRegex(@"-(?<date>\d{4}-\d{2}-\d{2}|\d{8})$", RegexOptions.None, 1000)]
    private static partial Regex Dated();

    [GeneratedRegex("""[()'",`]""", RegexOptions.None, 1000)]
    private static partial Regex Punctuation();

    [GeneratedRegex("gpt-35(?=-|$)", RegexOptions.None, 1000)]
    private static partial Regex Gpt35();

    [GeneratedRegex(@"(?<letter>\p{L})(?=\d)", RegexOptions.None, 1000)]
    private static partial Regex LetterBeforeDigit();
}
