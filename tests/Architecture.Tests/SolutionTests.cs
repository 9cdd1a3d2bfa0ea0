using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Sluice.Architecture.Tests;

/// <summary>What the solution promises: everything builds in Azure, everything but the Azure host restores anywhere.</summary>
public sealed partial class SolutionTests
{
    [Fact]
    public void Every_project_is_built_in_every_configuration_it_can_be_restored_in()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "Functions.sln"));
        var projects = Project().Matches(solution).ToDictionary(m => m.Groups["path"].Value.Replace('\\', '/'), m => m.Groups["id"].Value);

        var onDisk = Directory.GetFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
            .Where(path => path.StartsWith("src/", StringComparison.Ordinal) || path.StartsWith("tests/", StringComparison.Ordinal));

        Assert.Equal(onDisk.Order(), projects.Keys.Order());
        foreach (var (path, id) in projects)
        {
            var onlyAzure = path.Split('/')[1] is "Functions" or "Functions.Tests" or "FunctionsProbe";
            foreach (var configuration in (string[])["Debug", "Release", "Azure"])
            {
                var built = solution.Contains($"{{{id}}}.{configuration}|Any CPU.Build.0 =", StringComparison.OrdinalIgnoreCase);
                Assert.True(built == (!onlyAzure || configuration == "Azure"), $"{path} in {configuration}: built is {built}.");
            }
        }
    }

    [Fact]
    public void Versions_are_exact_and_stand_in_the_central_file_only()
    {
        var central = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props"));
        foreach (var version in central.Descendants().Where(e => e.Name.LocalName is "PackageVersion" or "GlobalPackageReference"))
        {
            Assert.Matches(@"^\d+(\.\d+){1,3}(-[0-9A-Za-z.]+)?$", version.Attribute("Version")!.Value);
        }

        // A build of the Azure host writes projects of its own among its products.
        foreach (var project in Directory.GetFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories).Where(p => !p.Contains(".artifacts", StringComparison.Ordinal)))
        {
            Assert.DoesNotContain(XDocument.Load(project).Descendants("PackageReference"), e => e.Attribute("Version") is not null);
        }
    }

    [GeneratedRegex("""^Project\("\{[^}]+\}"\) = "[^"]+", "(?<path>[^"]+\.csproj)", "\{(?<id>[^}]+)\}"$""", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Project();
}
