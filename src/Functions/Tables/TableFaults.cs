using Azure;
using Azure.Data.Tables.Models;
using Azure.Identity;
using Sluice.Registry;

namespace Sluice.Functions.Tables;

/// <summary>What a failure of Azure Table storage means and what to do about it.</summary>
internal sealed class TableFaults(string place)
{
    /// <summary>Whether a write failed because somebody else was first.</summary>
    public static bool IsOvertaken(RequestFailedException exception) =>
        exception.Status == 412
        || (exception.Status == 409 && exception.ErrorCode == TableErrorCode.EntityAlreadyExists)
        || (exception.Status == 404 && exception.ErrorCode != TableErrorCode.TableNotFound);

    /// <summary>The failure for people; null when it is a fault of ours and should show as it is.</summary>
    public RegistryException? Explain(Exception exception) => exception switch
    {
        // The client's own retries are over: the last of them says why.
        AggregateException { InnerExceptions: [.., var last] } => Explain(last),
        AuthenticationFailedException e => Misconfigured(
            $"needs an identity and there is none that works: {FirstLine(e)} Give the app a managed identity, or a connection string for local work."),
        RequestFailedException { Status: 401 or 403 } e => Misconfigured(
            $"refuses us ({e.ErrorCode}): give the identity the role Storage Table Data Contributor on this account (it takes some minutes to "
                + "count), look at the account's name and key if a connection string is used, and at its firewall."),
        RequestFailedException { Status: 404 } e when e.ErrorCode == TableErrorCode.TableNotFound =>
            Unavailable(exception, "has lost a table: was it deleted? A restart makes it again, empty; restore it first if you have a copy."),
        RequestFailedException { Status: 409 } e when e.ErrorCode == TableErrorCode.TableBeingDeleted =>
            Unavailable(exception, "is still deleting a table of this name: wait a minute."),
        RequestFailedException { Status: 0 } e => Unavailable(
            exception, $"does not answer: {FirstLine(e)} Look at the account's name, its private endpoint or DNS, and whether Azurite runs when it is local."),
        RequestFailedException { Status: 408 or 429 or >= 500 } e => Unavailable(exception, $"cannot work now ({e.Status} {e.ErrorCode}): try again."),
        OperationCanceledException or TimeoutException => Unavailable(exception, "does not answer in time."),
        HttpRequestException or IOException => Unavailable(exception, $"does not answer: {FirstLine(exception)}"),
        _ => null,
    };

    /// <summary>Others changed a row each time before we could.</summary>
    public RegistryException Busy(string table, int attempts) =>
        Unavailable(null, $"let others write first {attempts} times in table {table}: something writes without a pause there.");

    /// <summary>What is stored there cannot be used.</summary>
    public RegistryException Corrupt(string message) => new(RegistryError.RegistryCorrupt, $"{place}, {message}");

    private RegistryException Unavailable(Exception? cause, string message) =>
        new(RegistryError.RegistryUnavailable, $"{place}, {message}", cause);

    // Without the cause: the service repeats parts of a refused signature.
    private RegistryException Misconfigured(string message) => new(RegistryError.RegistryMisconfigured, $"{place}, {message}");

    private static string FirstLine(Exception exception) => exception.Message.Split('\n', 2)[0].TrimEnd();
}
