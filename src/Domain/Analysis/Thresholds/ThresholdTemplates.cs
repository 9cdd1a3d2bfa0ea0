using System.Reflection;
using Sluice.Domain.Plans.Compilation;

namespace Sluice.Domain.Analysis.Thresholds;

/// <summary>Tables of thresholds that plans use by name: what a team would write for the usual alerts. They are data, in the folder <c>Templates</c>.</summary>
public static class ThresholdTemplates
{
    private const string Folder = "Sluice.Domain.Analysis.Thresholds.Templates.";
    private const string Extension = ".yaml";

    /// <summary>Their names, in order.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(n => n.StartsWith(Folder, StringComparison.Ordinal))
            .Select(n => n[Folder.Length..^Extension.Length])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>A template's text as a plan would have it under <c>metrics</c>; null for an unknown name.</summary>
    public static string? Text(string name)
    {
        if (!Names.Contains(name))
        {
            return null;
        }

        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Folder + name + Extension)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>A template's metrics as nodes; null for an unknown name.</summary>
    internal static IReadOnlyList<Node.Mapping>? Find(string name) =>
        Text(name) is { } text ? [.. ((Node.Sequence)YamlTree.Read(text, new Faults(name))!).Items.Cast<Node.Mapping>()] : null;
}
