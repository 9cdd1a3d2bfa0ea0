using System.CommandLine;
using System.Text.Json;
using Sluice.Api.Http;
using Sluice.Api.Settings;
using Sluice.Catalog.Store;
using Sluice.Cli.Client;
using Sluice.Cli.Rendering;
using Sluice.Cli.Serve;
using Sluice.Engine;
using Sluice.Orchestration.Ports;
using Sluice.Registry;

namespace Sluice.Cli.CommandLine;

/// <summary>What happens around every verb: its failures become a message and an exit code.</summary>
internal static class Verb
{
    /// <summary>Gives a command its action.</summary>
    public static Command Does(this Command command, Terminal terminal, Func<ParseResult, CancellationToken, Task<int>> act)
    {
        command.SetAction((parsed, cancellationToken) => GuardAsync(terminal, parsed, () => act(parsed, cancellationToken), cancellationToken));
        return command;
    }

    /// <summary>Gives a command an action that speaks to a server.</summary>
    public static Command Asks(this Command command, Terminal terminal, Func<ParseResult, SluiceClient, CancellationToken, Task<int>> act) =>
        command.Does(terminal, async (parsed, cancellationToken) =>
        {
            using var client = new SluiceClient(Connection.Find(
                parsed.GetValue(CommonOptions.Url), parsed.GetValue(CommonOptions.KeyFile), parsed.GetValue(CommonOptions.Data)));
            return await act(parsed, client, cancellationToken);
        });

    /// <summary>Writes a value as JSON.</summary>
    public static void WriteJson<T>(this Terminal terminal, T value) =>
        terminal.Output.WriteLine(JsonSerializer.Serialize(value, Indented));

    private static async Task<int> GuardAsync(Terminal terminal, ParseResult parsed, Func<Task<int>> act, CancellationToken cancellationToken)
    {
        // A signal that comes before the library holds the verb's task ends the process at once: give it the task first.
        await Task.Yield();
        try
        {
            return await act();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (UnreachableException e)
        {
            await terminal.Error.WriteLineAsync(e.Message);
            return ExitCode.Unreachable;
        }
        catch (RefusedException e)
        {
            if (parsed.GetValue(CommonOptions.Json))
            {
                terminal.WriteJson(e.Problem);
            }
            else
            {
                await terminal.Error.WriteLineAsync(ProblemText.Of(e.Problem));
            }

            return ExitCode.Failed;
        }
        catch (UsageException e)
        {
            await terminal.Error.WriteLineAsync(e.Message);
            return ExitCode.Usage;
        }
        catch (Exception e) when (IsExplained(e) || !parsed.GetValue(CommonOptions.Verbose))
        {
            await terminal.Error.WriteLineAsync(parsed.GetValue(CommonOptions.Verbose) ? e.ToString() : Explain(e));
            return ExitCode.Failed;
        }
    }

    // Their messages are written for people; a type name in front would not help.
    private static bool IsExplained(Exception e) =>
        e is CannotServeException or SettingsException or EngineStoreException or RegistryException or CatalogStoreException or PlatformException or IOException or UnauthorizedAccessException;

    private static string Explain(Exception e) => IsExplained(e) ? e.Message : $"{e.GetType().Name}: {e.Message} (--verbose says where)";

    private static readonly JsonSerializerOptions Indented = new(ApiJson.Options) { WriteIndented = true };
}

/// <summary>The command line is wrong in a way only its verb can tell.</summary>
public sealed class UsageException(string message) : Exception(message);
