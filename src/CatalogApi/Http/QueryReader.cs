using System.Globalization;

namespace Sluice.CatalogApi;

/// <summary>Reads a query string and collects everything wrong with it. Parameters that nobody asks for are left alone.</summary>
internal sealed class QueryReader(IQueryCollection parameters)
{
    private const int LongestEcho = 40;
    private const int LongestText = 256;
    private readonly List<ParameterFault> _faults = [];

    public IReadOnlyList<ParameterFault> Faults => _faults;

    public void Refuse(string name, string detail) => _faults.Add(new ParameterFault(name, detail));

    /// <summary>What was given; null when nothing was, or more than once.</summary>
    public string? Single(string name)
    {
        if (!parameters.TryGetValue(name, out var values) || values.Count == 0)
        {
            return null;
        }

        if (values.Count == 1)
        {
            return values[0];
        }

        Refuse(name, $"expected once; came {values.Count} times");
        return null;
    }

    /// <summary>A text that passes a test.</summary>
    public string? Text(string name, Func<string, bool> isGood, string expected) =>
        Parse<string>(name, text => text.Length <= LongestText && !text.Any(char.IsControl) && isGood(text) ? text : null, expected);

    public int? Integer(string name, int least, int most) => (int?)Long(name, least, most);

    public long? Long(string name, long least, long most) => ParseValue<long>(
        name,
        text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number : null,
        $"a whole number from {least} to {most}");

    /// <summary>A price in USD per 1M tokens.</summary>
    public decimal? Price(string name) => ParseValue<decimal>(
        name,
        text => decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var price) && price < 10_000_000_000m ? price : null,
        "USD per 1M tokens, such as 0.5");

    public bool? Flag(string name) => ParseValue<bool>(
        name, text => text.ToUpperInvariant() switch { "TRUE" => true, "FALSE" => false, _ => null }, "true or false");

    /// <summary>One of an enumeration's names, in any case.</summary>
    public T? Word<T>(string name)
        where T : struct, Enum =>
        ParseValue<T>(
            name,
            text => Enum.GetNames<T>().Contains(text, StringComparer.OrdinalIgnoreCase) ? Enum.Parse<T>(text, ignoreCase: true) : null,
            $"one of {string.Join(", ", Enum.GetNames<T>())}");

    /// <summary>As much of a text as an answer repeats.</summary>
    public static string Shorten(string text) => text.Length <= LongestEcho ? text : $"{text[..LongestEcho]}…";

    private T? ParseValue<T>(string name, Func<string, T?> parse, string expected)
        where T : struct
    {
        if (Single(name) is not { } text)
        {
            return null;
        }

        var value = parse(text);
        if (value is null)
        {
            Refuse(name, $"expected {expected}; got '{Shorten(text)}'");
        }

        return value;
    }

    private T? Parse<T>(string name, Func<string, T?> parse, string expected)
        where T : class
    {
        if (Single(name) is not { } text)
        {
            return null;
        }

        var value = parse(text);
        if (value is null)
        {
            Refuse(name, $"expected {expected}; got '{Shorten(text)}'");
        }

        return value;
    }
}
