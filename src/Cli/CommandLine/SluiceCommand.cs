using System.CommandLine;
using Sluice.Cli.Demo;
using Sluice.Cli.Init;
using Sluice.Cli.Serve;
using Sluice.Cli.Simulate;
using Sluice.Cli.Verbs;

namespace Sluice.Cli.CommandLine;

/// <summary>The whole command line.</summary>
public static class SluiceCommand
{
    // A server that is told to stop lets running activities end.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(60);

    /// <summary>Parses and runs; the exit codes are <see cref="ExitCode"/>.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Terminal terminal)
    {
        var parsed = Create(terminal).Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var fault in parsed.Errors)
            {
                await terminal.Error.WriteLineAsync(fault.Message);
            }

            await terminal.Error.WriteLineAsync($"See `sluice {(parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ")}--help`.");
            return ExitCode.Usage;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration
        {
            Output = terminal.Output,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = StopPatience,
        });
    }

    private static RootCommand Create(Terminal terminal)
    {
        var root = new RootCommand("Durable, progressive delivery: plans, rollouts, rollbacks.")
        {
            CommonOptions.Url, CommonOptions.KeyFile, CommonOptions.Data, CommonOptions.Json, CommonOptions.Verbose,
            DemoVerb.Create(terminal),
            InitVerb.Create(terminal),
            ValidateVerb.Create(terminal),
            SimulateVerb.Create(terminal),
            ServeVerb.Create(terminal),
            StartVerb.Create(terminal),
            GetVerb.Create(terminal),
            ListVerb.Create(terminal),
            StatusVerb.Create(terminal),
        };
        foreach (var verb in (IEnumerable<Command>)
            [
                .. TellVerbs.Create(terminal),
                RollbackVerb.Create(terminal),
                HistoryVerb.Create(terminal),
                ExplainVerb.Create(terminal),
                ReplayVerb.Create(terminal),
                EventsVerb.Create(terminal),
                LogsVerb.Create(terminal),
                DoctorVerb.Create(terminal),
                DownVerb.Create(terminal),
                ReplayCheckVerb.Create(terminal),
                .. BackupVerbs.Create(terminal),
                KeyVerbs.Create(terminal),
                AuditVerb.Create(terminal),
                GatewayVerb.Create(terminal),
            ])
        {
            root.Add(verb);
        }

        root.SetAction(_ =>
        {
            terminal.Error.WriteLine("Say what to do: `sluice --help` lists the verbs.");
            return ExitCode.Usage;
        });
        return root;
    }
}
