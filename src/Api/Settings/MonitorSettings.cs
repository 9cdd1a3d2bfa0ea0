namespace Sluice.Api.Settings;

/// <summary>Durable Functions Monitor inside the Azure host; section <c>Monitor</c>. Who may look is told to the monitor itself, in its own variables.</summary>
public sealed class MonitorSettings
{
    // The monitor's own word for "serve everybody" (Auth.cs of its DotNetIsolated.core).
    private const string Open = "i_sure_know_what_i_am_doing";
    private const int ShortestNonce = 32;

    private static readonly string[] Issuer = ["WEBSITE_AUTH_OPENID_ISSUER", "WEBSITE_AUTH_V2_CONFIG_JSON"];
    private static readonly string[] Allowed = ["DFM_ALLOWED_READ_ONLY_APP_ROLES", "DFM_ALLOWED_APP_ROLES", "DFM_ALLOWED_FULL_ACCESS_APP_ROLES", "DFM_ALLOWED_USER_NAMES"];

    /// <summary>Whether the host serves it at <c>/durable-functions-monitor</c>, read-only. The default is false. Needs a build with <c>-p:WithMonitor=true</c>.</summary>
    public bool Enabled { get; set; }

    /// <summary>
    /// Why it must not be served, empty when it may be. It asks for a nonce (an editor or a proxy sends it as <c>x-dfm-nonce</c>), or for users
    /// that App Service has signed in; without either it would answer nobody, and with its word for it everybody.
    /// </summary>
    /// <param name="variable">Reads an environment variable; null or empty when it is not set.</param>
    public IReadOnlyList<string> Faults(Func<string, string?> variable)
    {
        if (!Enabled)
        {
            return [];
        }

        var nonce = variable("DFM_NONCE");
        if (nonce == Open)
        {
            return ["DFM_NONCE turns the monitor's authentication off, and everybody could read the inputs of all rollouts. Remove it and let users sign in, or make a secret: openssl rand -base64 32"];
        }

        if (!string.IsNullOrEmpty(nonce))
        {
            return nonce.Length < ShortestNonce ? [$"DFM_NONCE has {nonce.Length} characters; a secret that guards the monitor has at least {ShortestNonce}: openssl rand -base64 32"] : [];
        }

        var faults = new List<string>();
        if (!Any("WEBSITE_AUTH_CLIENT_ID"))
        {
            faults.Add("WEBSITE_AUTH_CLIENT_ID is not set: the monitor takes users only from App Service authentication (or set DFM_NONCE). Add the identity provider Microsoft to the function app.");
        }

        if (!Any(Issuer))
        {
            faults.Add($"{Issuer[0]} is not set, so the monitor cannot check who issued a token. It is like https://login.microsoftonline.com/TENANT/v2.0 and comes with App Service authentication.");
        }

        if (!Any(Allowed))
        {
            faults.Add($"{Allowed[0]} is not set, nor {string.Join(" nor ", Allowed[1..])}: everybody of the tenant could look. Name the app roles or users who may.");
        }

        return faults;

        bool Any(params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
            {
                if (!string.IsNullOrWhiteSpace(variable(name)))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
