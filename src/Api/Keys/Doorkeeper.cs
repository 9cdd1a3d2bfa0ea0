using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sluice.Api.Http;
using Sluice.Api.Settings;
using Sluice.Orchestration.Ports;

namespace Sluice.Api.Keys;

/// <summary>Tells who calls, from the key alone: no header or address makes anybody more than their key does.</summary>
public sealed class Doorkeeper(IAccessKeys keys, SystemKey systemKey, GroupsSettings groups, ILogger<Doorkeeper> logger)
{
    private static readonly AccessKey System = new("system-key", Role.Admin, [], "", default);

    /// <summary>Lets the caller in.</summary>
    /// <exception cref="ProblemException">401 without a known key, 403 when its role is not enough.</exception>
    public async Task<Call> AdmitAsync(HttpContext http, Route route, CancellationToken cancellationToken)
    {
        if (route.Access == Access.Open)
        {
            return new Call(http, null, []);
        }

        if (route.Access == Access.System)
        {
            var given = http.Request.Query["code"].ToString();
            given = given.Length > 0 ? given : http.Request.Headers["x-functions-key"].ToString();
            return systemKey.Matches(given)
                ? Remember(new Call(http, System, []))
                : throw Unauthorized(http, "These routes need the system key as ?code= or x-functions-key.");
        }

        var text = BearerOf(http.Request);
        if (text is null)
        {
            throw Unauthorized(http, "Send Authorization: Bearer KEY.");
        }

        var hash = KeyText.Hash(text);
        var key = await keys.FindAsync(hash, cancellationToken);
        if (key is null || !CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(key.Sha256), Encoding.ASCII.GetBytes(hash)))
        {
            throw Unauthorized(http, "This key is not known here.");
        }

        var call = Remember(new Call(http, key, groups.Of(key.Name)));
        return route.Access.Allows(key.Role)
            ? call
            : throw new ProblemException(Problem.Forbidden($"{http.Request.Method} {http.Request.Path} needs the role {route.Access}; '{key.Name}' is {key.Role}."));
    }

    private static string? BearerOf(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && header.AsSpan(7).Trim().Length is > 0 and <= 512
            ? header[7..].Trim()
            : null;
    }

    private ProblemException Unauthorized(HttpContext http, string detail)
    {
        Log.Unauthorized(logger, http.Request.Method, http.Request.Path, http.Connection.RemoteIpAddress);
        return new ProblemException(Problem.Of(StatusCodes.Status401Unauthorized, "unauthorized", "A key is needed.", detail));
    }

    // The pipeline audits refusals as well, and needs to know who was refused.
    private static Call Remember(Call call)
    {
        call.Http.Items[nameof(Call)] = call;
        return call;
    }
}
