namespace Sluice.Domain.Plans;

/// <summary>
/// The strategies that ship with Sluice: a plan's <c>strategy: NAME</c> stands for their steps. Each is a file with what it is
/// <c>about</c>, its <c>parameters</c> with their defaults, <c>steps</c> with an id each, and the <c>analysis</c> a plan has that brings none.
/// </summary>
public static class NamedPlans
{
    private const string Prefix = "named-plan/";

    /// <summary>What there is, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. typeof(NamedPlans).Assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Select(n => n[Prefix.Length..]).Order(StringComparer.Ordinal),
    ];

    /// <summary>The file of one; null when there is none of that name.</summary>
    public static string? Text(string name)
    {
        using var stream = Names.Contains(name) ? typeof(NamedPlans).Assembly.GetManifestResourceStream(Prefix + name) : null;
        if (stream is null)
        {
            return null;
        }

        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
