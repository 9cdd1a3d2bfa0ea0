using System.CommandLine;
using System.Globalization;
using Sluice.Api.Diagnosis;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Rendering;
using Sluice.Durable;

namespace Sluice.Cli.Verbs;

/// <summary><c>doctor [ID]</c>: why an instance does not move, or how the server is.</summary>
internal static class DoctorVerb
{
    public static Command Create(Terminal terminal)
    {
        var id = new Argument<string?>("id")
        {
            Description = "A rollout, or any other instance; the whole server when left out.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return new Command("doctor", "Say why an instance does not move, or how the server is: exit 0 all well, 1 something is wrong.") { id }
            .Asks(terminal, async (parsed, client, cancellationToken) =>
            {
                var json = parsed.GetValue(CommonOptions.Json);
                if (parsed.GetValue(id) is { } one)
                {
                    var instance = await client.GetAsync<InstanceDiagnosis>($"/api/instances/{Uri.EscapeDataString(one)}/diagnosis", cancellationToken);
                    if (json)
                    {
                        terminal.WriteJson(instance);
                    }
                    else
                    {
                        Write(terminal.Output, DiagnosisLines.Of(instance));
                    }

                    return instance.Faults.Count == 0 ? ExitCode.Ok : ExitCode.Failed;
                }

                var server = await client.GetAsync<ServerDiagnosis>("/api/diagnosis", cancellationToken);
                if (json)
                {
                    terminal.WriteJson(server);
                }
                else
                {
                    Write(terminal.Output, DiagnosisLines.Of(server));
                }

                return server.Status == "healthy" && server.Faulty.Count == 0 ? ExitCode.Ok : ExitCode.Failed;
            });
    }

    private static void Write(TextWriter output, IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            output.WriteLine(line);
        }
    }
}

/// <summary>Diagnoses as lines of text.</summary>
internal static class DiagnosisLines
{
    public static IEnumerable<string> Of(InstanceDiagnosis instance)
    {
        yield return $"{instance.InstanceId}  {instance.Name}{(instance.Version.Length > 0 ? "@" + instance.Version : "")}  {instance.Status}  {Ages.Short(instance.At - instance.Since)}";
        foreach (var fault in instance.Faults)
        {
            yield return "  ! " + fault;
        }

        foreach (var reason in instance.Reasons)
        {
            yield return "  - " + reason;
        }
    }

    public static IEnumerable<string> Of(ServerDiagnosis server)
    {
        yield return $"The server ({server.Version}) is {server.Status}.";
        foreach (var line in TextTable.Render(["CHECK", "", ""], server.Checks.Select(c => (IReadOnlyList<string>)[c.Name, c.Status, c.Message])))
        {
            yield return line;
        }

        if (server.Gauges.Count > 0)
        {
            yield return "";
            foreach (var line in TextTable.Render(
                ["ENGINE", "", ""], server.Gauges.Select(g => (IReadOnlyList<string>)[g.Name, g.Value.ToString("0.###", CultureInfo.InvariantCulture), g.Help])))
            {
                yield return line;
            }
        }

        yield return "";
        yield return $"{server.Open} instances have not ended; {server.Faulty.Count} of those that have not moved for longest have something wrong.";
        foreach (var line in server.Faulty.SelectMany(Of))
        {
            yield return line;
        }

        if (server.Oldest.Count > 0)
        {
            yield return "";
            yield return "Waiting longest, for good reason:";
            foreach (var line in server.Oldest.SelectMany(Of))
            {
                yield return line;
            }
        }

        if (server.Failed > 0)
        {
            yield return "";
            yield return $"{server.Failed} instances have failed. The latest:";
            foreach (var failed in server.LatestFailed)
            {
                yield return $"{failed.InstanceId}  {failed.Name}  {Ages.Short(server.At - failed.At)} ago: {failed.Failure}";
            }
        }
    }
}
