using Sluice.Cli.Client;
using Sluice.Cli.CommandLine;
using Sluice.Domain.Plans;

namespace Sluice.Cli.Tests;

public sealed class BundleAndInitTests
{
    [Fact]
    public void A_bundle_holds_the_files_its_plan_names_and_no_others()
    {
        using var folder = new TemporaryFolder();
        folder.Write("env.yaml", "variables: {}");
        folder.Write("db/up.sql", "SELECT 1");
        folder.Write("not-named.yaml", "x: 1");
        var plan = folder.Write("sluice.yaml", "environments: { a: { variables: env.yaml } }\nsteps:\n  - migrate: { up: [db/up.sql, db/missing.sql, ../outside.sql] }\n");

        var bundle = BundleFolder.Read(plan);

        Assert.Equal(["db/up.sql", "env.yaml"], bundle.Files.Keys.Order());
        Assert.Equal("SELECT 1", bundle.Files["db/up.sql"]);
    }

    [Fact]
    public void A_bundle_that_is_too_large_is_refused_before_it_is_sent()
    {
        using var folder = new TemporaryFolder();
        var plan = folder.Write("sluice.yaml", "# " + new string('x', Bundle.MaxBytes));

        Assert.Contains($"{Bundle.MaxBytes}", Assert.Throws<UsageException>(() => BundleFolder.Read(plan)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData("package.json", "{}")]
    [InlineData("go.mod", "module x")]
    [InlineData("src/My.Api.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Web\" />")]
    public async Task What_init_writes_is_a_valid_plan(string? file, string text)
    {
        using var folder = new TemporaryFolder();
        if (file is not null)
        {
            folder.Write(file, text);
        }

        var (code, _, _) = await Capture.RunAsync("init", folder.Path);

        Assert.Equal(ExitCode.Ok, code);
        var compiled = PlanCompiler.Compile(BundleFolder.Read(Path.Combine(folder.Path, "sluice.yaml")));
        Assert.Empty(compiled.Faults);
        Assert.Empty(compiled.Warnings);
    }

    [Fact]
    public async Task Init_overwrites_nothing_and_then_writes_nothing()
    {
        using var folder = new TemporaryFolder();
        folder.Write("smoke.yaml", "mine");

        var (code, _, error) = await Capture.RunAsync("init", folder.Path);

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("smoke.yaml", error, StringComparison.Ordinal);
        Assert.Equal(["smoke.yaml"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }
}
