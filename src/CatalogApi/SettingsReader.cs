using System.Globalization;

namespace Sluice.CatalogApi;

/// <summary>Reads variables and collects what is wrong with them, so that all faults are told at once.</summary>
internal sealed class SettingsReader(Func<string, string?> variable)
{
    private readonly List<string> _faults = [];

    public IReadOnlyList<string> Faults => _faults;

    public void Refuse(string name, string reason) => _faults.Add($"{name}: {reason}.");

    public string? Text(string name) => variable(name)?.Trim() is { Length: > 0 } text ? text : null;

    public int Integer(string name, int fallback, int least, int most) => Read(
        name,
        fallback,
        text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : null,
        $"a whole number from {least} to {most}");

    public decimal Fraction(string name) => Read(
        name,
        0m,
        text => decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 1
            ? value
            : null,
        "a fraction from 0 to 1, such as 0.05");

    /// <summary>One of an enumeration's names, in any case.</summary>
    public T Word<T>(string name, T fallback)
        where T : struct, Enum =>
        Read(
            name,
            fallback,
            text => Enum.GetNames<T>().Contains(text, StringComparer.OrdinalIgnoreCase) ? Enum.Parse<T>(text, ignoreCase: true) : (T?)null,
            $"one of {string.Join(", ", Enum.GetNames<T>())}");

    public bool Switch(string name) => Read(
        name,
        false,
        text => text.ToUpperInvariant() switch
        {
            "TRUE" or "1" => true,
            "FALSE" or "0" => false,
            _ => (bool?)null,
        },
        "true or false");

    private T Read<T>(string name, T fallback, Func<string, T?> parse, string expected)
        where T : struct
    {
        if (Text(name) is not { } text)
        {
            return fallback;
        }

        if (parse(text) is { } value)
        {
            return value;
        }

        Refuse(name, $"expected {expected}; got '{text}'");
        return fallback;
    }
}

/// <summary>The environment asks for what cannot be.</summary>
/// <param name="faults">One sentence each, naming the variable.</param>
internal sealed class SettingsException(IReadOnlyList<string> faults) : Exception(string.Join(Environment.NewLine, faults))
{
    public IReadOnlyList<string> Faults { get; } = faults;
}
