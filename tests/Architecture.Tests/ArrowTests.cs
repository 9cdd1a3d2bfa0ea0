using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Sluice.Architecture.Tests;

/// <summary>Which assembly may use which, read from the built assemblies themselves.</summary>
public sealed class ArrowTests
{
    // Direct arrows; a project may also use whatever these reach.
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Sluice.Domain"] = [],
        ["Sluice.Durable"] = [],
        ["Sluice.Orchestration"] = ["Sluice.Domain", "Sluice.Durable"],
        ["Sluice.Engine"] = ["Sluice.Durable"],
        ["Sluice.Registry"] = ["Sluice.Orchestration", "Sluice.Domain"],
        ["Sluice.Platforms"] = ["Sluice.Orchestration", "Sluice.Domain"],
        ["Sluice.Catalog"] = ["Sluice.Durable"],
        ["CatalogApi"] = ["Sluice.Catalog"],
        ["Sluice.Api"] = ["Sluice.Orchestration", "Sluice.Catalog", "Sluice.Registry"],
        ["sluice"] = ["Sluice.Api", "Sluice.Engine", "Sluice.Platforms"],
    };

    public static TheoryData<string> Assemblies => [.. Arrows.Keys];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void An_assembly_uses_only_what_its_arrows_reach(string assembly)
    {
        var allowed = Closure(assembly);

        var used = References(assembly).Where(Arrows.ContainsKey);

        Assert.Empty(used.Except(allowed));
    }

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Nothing_but_the_azure_host_knows_azure_functions(string assembly) =>
        Assert.DoesNotContain(References(assembly), r =>
            r.StartsWith("Microsoft.Azure.", StringComparison.Ordinal) || r.StartsWith("Microsoft.DurableTask.", StringComparison.Ordinal));

    [Theory]
    [InlineData("Sluice.Domain")]
    [InlineData("Sluice.Orchestration")]
    public void What_decides_knows_no_sql_and_no_web(string assembly) =>
        Assert.DoesNotContain(References(assembly), r =>
            r is "Npgsql" or "Dapper" or "Microsoft.Data.Sqlite" or "System.Net.Http" or "System.Data.Common"
            || r.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));

    [Fact]
    public void Every_assembly_of_src_has_its_arrows_here()
    {
        var projects = Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(Path.GetFileNameWithoutExtension)
            .Select(name => name switch { "Cli" => "sluice", "CatalogApi" => "CatalogApi", _ => $"Sluice.{name}" });

        Assert.Empty(projects.Except(Arrows.Keys).Except(["Sluice.Functions"]));
    }

    private static HashSet<string> Closure(string assembly)
    {
        var reached = new HashSet<string>();
        var open = new Stack<string>(Arrows[assembly]);
        while (open.TryPop(out var next))
        {
            if (reached.Add(next))
            {
                foreach (var arrow in Arrows[next])
                {
                    open.Push(arrow);
                }
            }
        }

        return reached;
    }

    private static List<string> References(string assembly)
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, assembly + ".dll"));
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];
    }
}
