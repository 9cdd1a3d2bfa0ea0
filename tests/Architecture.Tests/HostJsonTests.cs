using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Sluice.Architecture.Tests;

/// <summary>What host.json says is what its documentation says, and its version is the build's.</summary>
public sealed partial class HostJsonTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Repository.Root, "host.json"));

    [Fact]
    public void New_instances_are_marked_with_the_version_of_the_build()
    {
        var version = XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants("Version").Single().Value;

        Assert.Equal(version, Settings()["extensions.durableTask.defaultVersion"]);
    }

    [Fact]
    public void Every_setting_is_documented_with_its_value_and_nothing_else_is()
    {
        var documented = Row().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "durable-options.md")))
            .Select(m => KeyValuePair.Create(m.Groups["name"].Value, m.Groups["value"].Value));

        Assert.Equal(Settings().OrderBy(s => s.Key, StringComparer.Ordinal), documented.OrderBy(s => s.Key, StringComparer.Ordinal));
    }

    private static Dictionary<string, string> Settings()
    {
        var settings = new Dictionary<string, string>();
        using var document = JsonDocument.Parse(Text);
        Collect("", document.RootElement);
        return settings;

        void Collect(string path, JsonElement element)
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                settings[path] = element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText();
                return;
            }

            foreach (var property in element.EnumerateObject())
            {
                Collect(path.Length == 0 ? property.Name : $"{path}.{property.Name}", property.Value);
            }
        }
    }

    [GeneratedRegex("^\\| `(?<name>[\\w.]+)` \\| `(?<value>[^`|]*)` \\|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Row();
}
