using System.Net;
using System.Net.Sockets;
using Sluice.Cli.CommandLine;

namespace Sluice.Cli.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData]
    [InlineData("frob")]
    [InlineData("start")]
    [InlineData("start", "plan.yaml", "--version")]
    [InlineData("get")]
    [InlineData("status", "x", "--timeout", "soon")]
    [InlineData("list", "--status", "sideways")]
    [InlineData("reject", "x")]
    [InlineData("promote", "x", "--full")]
    [InlineData("tick", "x")]
    [InlineData("report", "x", "ci", "perhaps")]
    [InlineData("override", "x")]
    [InlineData("start", "plan.yaml", "--version", "v1.0.0", "--emergency", "--confirm", "v1.0.0")]
    [InlineData("start", "plan.yaml", "--version", "v1.0.0", "--emergency", "--reason", "logins fail")]
    [InlineData("start", "plan.yaml", "--version", "v1.0.0", "--emergency", "--reason", "logins fail", "--confirm", "v1.0.1")]
    [InlineData("start", "plan.yaml", "--version", "v1.0.0", "--reason", "logins fail")]
    [InlineData("down")]
    [InlineData("down", "service", "--all")]
    [InlineData("keys", "add", "ana")]
    [InlineData("validate", "no-such-plan.yaml")]
    [InlineData("get", "x", "--url", "nowhere")]
    [InlineData("get", "x", "--key-file", "no-such-file")]
    public async Task A_wrong_command_line_is_2_and_says_what_is_wrong(params string[] args)
    {
        var (code, output, error) = await Capture.RunAsync(args);

        Assert.Equal(ExitCode.Usage, code);
        Assert.Equal("", output);
        Assert.NotEqual("", error);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_4_and_says_where_it_was_looked_for()
    {
        var url = $"http://127.0.0.1:{FreePort()}";

        var (code, _, error) = await Capture.RunAsync("list", "--url", url);

        Assert.Equal(ExitCode.Unreachable, code);
        Assert.Contains(url, error, StringComparison.Ordinal);
        Assert.Contains("sluice serve", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Faults_of_a_plan_are_printed_as_a_compiler_does_and_are_1()
    {
        using var folder = new TemporaryFolder();
        var plan = folder.Write("sluice.yaml", "schema: 1\nservice: Catalog\nenvironments: {}\nsteps: []\n");

        var (code, output, error) = await Capture.RunAsync("validate", plan);

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains($"{plan}:2:", error, StringComparison.Ordinal);
        Assert.Contains("fault", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_verb_explains_itself()
    {
        var (code, output, _) = await Capture.RunAsync("--help");

        Assert.Equal(ExitCode.Ok, code);
        Assert.All(
            ["serve", "validate", "start", "get", "list", "status", "promote", "pause", "resume", "approve", "reject", "tick", "report", "override", "abort", "retry", "skip", "rollback", "history", "events", "down", "logs", "keys", "init", "audit", "demo"],
            verb => Assert.Contains($"\n  {verb} ", output, StringComparison.Ordinal));
        Assert.DoesNotContain("\n  gateway ", output, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
