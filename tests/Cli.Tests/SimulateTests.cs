using System.Text.Json;

namespace Sluice.Cli.Tests;

/// <summary><c>simulate</c> and <c>replay</c>: plans in imaginary worlds.</summary>
public sealed class SimulateTests
{
    private static readonly string Examples = Path.Combine(Root, "docs", "examples", "scenarios");

    private const string Canary = """
        schema: 1
        service: shop
        environments:
          production:
            platform: { kind: process, command: [run, "{version}"], directory: ., portVariable: PORT, health: /health, readyWithin: 60s, replicas: 1, stopWithin: 30s }
            router:   { kind: gateway, listen: "127.0.0.1:8080" }
            metrics:  { kind: gateway }
            variables: variables.yaml
        steps:
          - deploy: { environment: production }
          - setWeight: 10
          - soak: { duration: 15m, every: 30s }
          - setWeight: 100
          - hold: 5m
        analysis:
          metrics: [ { name: errors, limit: 0.05 } ]
        """;

    public static TheoryData<string> Scenarios =>
        [.. Directory.GetFiles(Examples, "*.yaml").Select(f => Path.GetFileNameWithoutExtension(f)).Except(["sluice", "variables"]).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task An_example_scenario_comes_out_as_it_says(string scenario)
    {
        var (code, output, error) = await Capture.RunAsync(
            "simulate", Path.Combine(Examples, "sluice.yaml"), "--scenario", Path.Combine(Examples, scenario + ".yaml"));

        Assert.True(code == 0, output + error);
    }

    [Theory]
    [InlineData("good-release")]
    [InlineData("errors-x4")]
    [InlineData("no-traffic")]
    public async Task A_run_that_keeps_no_histories_decides_what_one_that_keeps_them_does(string name)
    {
        using var folder = Folder();
        var text = await File.ReadAllTextAsync(Path.Combine(Examples, name + ".yaml"));
        // A host that would die, but after the end.
        var kept = folder.Write("kept.yaml", text + "crashes: [{ at: 20d }]\n");

        var without = await Capture.RunAsync("simulate", Path.Combine(Examples, "sluice.yaml"), "--scenario", folder.Write("plain.yaml", text), "--json");
        var with = await Capture.RunAsync("simulate", Path.Combine(Examples, "sluice.yaml"), "--scenario", kept, "--json");

        Assert.True(without.Code == 0, without.Error);
        Assert.Equal(with.Output, without.Output);
    }

    [Fact]
    public async Task Every_decision_has_its_time_its_reason_and_its_numbers()
    {
        using var folder = Folder();
        var scenario = folder.Write("bad.yaml", "schema: 1\nrevisions: { canary: { errorRate: 0.2 } }\n");

        var (code, output, _) = await Capture.RunAsync("simulate", folder.Write("plan.yaml", Canary), "--scenario", scenario, "--json");

        Assert.Equal(0, code);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.Equal("RolledBack", report.GetProperty("outcome").GetString());
        var decisions = report.GetProperty("decisions").EnumerateArray().ToList();
        Assert.Contains(decisions, d => d.GetProperty("what").GetString() == "rollback.triggered" && d.GetProperty("message").GetString()!.Contains("requests", StringComparison.Ordinal));
        Assert.Contains(decisions, d => d.GetProperty("evidence").EnumerateArray().Any(e => e.GetString()!.Contains("requests to the release failed", StringComparison.Ordinal)));
        Assert.Equal(decisions.Select(d => TimeSpan.Parse(d.GetProperty("at").GetString()!, null)).Order(), decisions.Select(d => TimeSpan.Parse(d.GetProperty("at").GetString()!, null)));
    }

    [Fact]
    public async Task What_is_expected_and_does_not_come_is_1_and_said()
    {
        using var folder = Folder();
        var scenario = folder.Write("good.yaml", "schema: 1\nexpect: { outcome: RolledBack, detectedWithin: 5m, says: moon }\n");

        var (code, _, error) = await Capture.RunAsync("simulate", folder.Write("plan.yaml", Canary), "--scenario", scenario);

        Assert.Equal(1, code);
        Assert.Contains("Expected RolledBack, got Promoted", error, StringComparison.Ordinal);
        Assert.Contains("it never began", error, StringComparison.Ordinal);
        Assert.Contains("'moon'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_runs_give_the_same_rates_from_the_same_seed()
    {
        using var folder = Folder();
        var plan = folder.Write("plan.yaml", Canary);
        var scenario = folder.Write("bad.yaml", "schema: 1\nrevisions: { canary: { errorRate: 0.02 } }\nexpect: { outcome: RolledBack, inAtLeast: 0.5 }\n");

        var first = await Capture.RunAsync("simulate", plan, "--scenario", scenario, "--runs", "8", "--json");
        var again = await Capture.RunAsync("simulate", plan, "--scenario", scenario, "--runs", "8", "--json");
        var other = await Capture.RunAsync("simulate", plan, "--scenario", scenario, "--runs", "8", "--json", "--seed", "9");

        Assert.Equal(first.Output, again.Output);
        Assert.NotEqual(first.Output, other.Output);
        var wentBack = JsonDocument.Parse(first.Output).RootElement.GetProperty("wentBack");
        Assert.Equal(8, wentBack.GetProperty("of").GetInt32());
        Assert.True(wentBack.GetProperty("low").GetDouble() < wentBack.GetProperty("value").GetDouble());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_bad_release_is_found_among_bursts_of_failures_when_clients_are_known(bool clients)
    {
        using var folder = Folder();
        var scenario = folder.Write("bursts.yaml", $$"""
            schema: 1
            traffic: { clients: {{(clients ? "true" : "false")}} }
            revisions: { stable: { burst: 5 }, canary: { errorRate: 0.02 } }
            """);

        var (code, output, error) = await Capture.RunAsync("simulate", folder.Write("plan.yaml", Canary), "--scenario", scenario, "--runs", "12", "--json");

        Assert.True(code == 0, error);
        var found = JsonDocument.Parse(output).RootElement.GetProperty("wentBack").GetProperty("count").GetInt32();
        Assert.True(clients ? found == 12 : found < 12, $"found in {found} of 12 runs");
    }

    [Fact]
    public async Task Counts_of_each_minute_are_what_the_judge_sees()
    {
        using var folder = Folder();
        var scenario = folder.Write("counts.yaml", "schema: 1\ncounts: { canary: [[600, 60]], stable: [[5400, 27]] }\nexpect: { outcome: RolledBack, detectedWithin: 10m }\n");

        var (code, output, error) = await Capture.RunAsync("simulate", folder.Write("plan.yaml", Canary), "--scenario", scenario);

        Assert.True(code == 0, output + error);
    }

    [Theory]
    [InlineData("true", "Promoted")]
    [InlineData("false", "Rejected")]
    public async Task People_tick_items_and_report_conditions(string passed, string outcome)
    {
        using var folder = Folder();
        const string Soak = "  - soak: { duration: 15m, every: 30s }\n";
        var plan = folder.Write("plan.yaml", Canary.Replace(Soak, Soak + """
              - checklist:
                  name: go or no go
                  environment: production
                  timeout: 2h
                  onTimeout: rollback
                  items: [{ name: backups verified, by: [dba] }, { name: ci green, condition: ci }]

            """, StringComparison.Ordinal));
        var scenario = folder.Write("people.yaml", $$"""
            schema: 1
            people:
              - { at: 40m, say: tick, item: backups verified, by: dora, groups: [dba], reason: restored into a copy }
              - { at: 50m, say: report, condition: ci, passed: {{passed}}, by: demo-ci }
            expect: { outcome: {{outcome}} }
            """);

        var (code, output, error) = await Capture.RunAsync("simulate", plan, "--scenario", scenario);

        Assert.True(code == 0, output + error);
        Assert.Contains("dora says tick 'backups verified'", output, StringComparison.Ordinal);
        Assert.DoesNotContain("refused", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_faulty_scenario_is_2_with_every_fault_and_its_line()
    {
        using var folder = Folder();
        var scenario = folder.Write("bad.yaml", "schema: 1\ntrafic: {}\nexpect: { outcome: Promotd }\n");

        var (code, output, error) = await Capture.RunAsync("simulate", folder.Write("plan.yaml", Canary), "--scenario", scenario);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains($"{scenario}:2:1 trafic: 'trafic' is not a key here. (did you mean 'traffic'?)", error, StringComparison.Ordinal);
        Assert.Contains($"{scenario}:3:", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recorded_table_is_judged_by_a_plan()
    {
        using var folder = Folder();
        var plan = folder.Write("plan.yaml", Canary);
        var rows = string.Concat(Enumerable.Range(0, 20).Select(i => $"{i},600,60,5400,27\n"));
        var series = folder.Write("counts.csv", "minute,canaryRequests,canaryErrors,stableRequests,stableErrors\n" + rows);

        var (code, output, error) = await Capture.RunAsync("replay", plan, "--series", series);
        var both = await Capture.RunAsync("replay", plan, "--series", series, "--last", "3");

        Assert.True(code == 0, error);
        Assert.Contains("counts.csv  -     rolls back", output, StringComparison.Ordinal);
        Assert.Equal(2, both.Code);
    }

    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        folder.Write("variables.yaml", "variables:\n  TOKEN: { format: secret, fromSecret: token }\n");
        return folder;
    }

    private static string Root
    {
        get
        {
            var root = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(root.FullName, "Directory.Build.props")))
            {
                root = root.Parent ?? throw new InvalidOperationException("These tests run inside their repository.");
            }

            return root.FullName;
        }
    }
}
